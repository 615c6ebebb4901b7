/**
 * Throughput and latency against the offered load, until and beyond saturation: `npm run bench:curve`. For Vespid and for
 * the usual design (bench/baseline), one after the other on the same Postgres and Redis.
 *
 * `--seconds N` of each step (5), `--flush-ms N` of a slower disk (see bench/lib/services.ts), `--system vespid|baseline` for one of them, `--steps 0.5,1,4` in units of saturation.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLifetime } from '../scripts/stack/lifetime.ts';
import { openBaseline } from './lib/baseline-system.ts';
import { bundleAll } from './lib/bundle.ts';
import { startChild, type Child } from './lib/child.ts';
import { startServices, type Services } from './lib/services.ts';
import type { System } from './lib/system.ts';
import { openVespid } from './lib/vespid-system.ts';
import { machine } from './measure.ts';
import type { Curve, CurveFile } from './offered/file.ts';
import { saturation } from './offered/saturation.ts';
import { offer, type Point } from './offered/step.ts';

const ROOT = join(import.meta.dirname, '..');
const WARM_UP = 3000;
const SATURATING = 8000;
/** In units of what the system completes when 64 clients send as fast as they are answered. */
const STEPS = '0.1,0.25,0.5,0.75,0.9,1,1.25,1.5,2,4';

interface Loads {
  closed: Child;
  open: Child;
}

const figure = (value: number | null): string =>
  (value === null ? '-' : value.toFixed(value < 100 ? 1 : 0)).padStart(9);

function printPoint(point: Point): void {
  const { offeredPerSecond, createdPerSecond, refusedPerSecond, completedPerSecond, lostPerSecond } = point;
  const rates = [offeredPerSecond, createdPerSecond, refusedPerSecond, completedPerSecond, lostPerSecond];
  const times = [
    point.createdP50Ms,
    point.createdP99Ms,
    point.finishedP50Ms,
    point.finishedP99Ms,
    point.refusedP99Ms,
  ];
  console.log([...rates, ...times, point.apiMb, point.workerMb].map(figure).join(''));
}

async function measure(
  system: System,
  services: Services,
  loads: Loads,
  { steps, seconds }: { steps: number[]; seconds: number },
): Promise<Curve> {
  await system.startWorker();
  await saturation(system, services, loads.closed, WARM_UP);
  const saturationPerSecond = await saturation(system, services, loads.closed, SATURATING);
  console.log(`\n${system.name}: 64 clients get ${saturationPerSecond.toFixed(0)}/s done`);
  const columns = [
    'offered/s',
    'created',
    'refused',
    'complete',
    'lost/s',
    'POST p50',
    'p99',
    'done p50',
    'p99',
  ];
  console.log([...columns, '503 p99', 'API MB', 'worker'].map((name) => name.padStart(9)).join(''));
  const points: Point[] = [];
  for (const step of steps) {
    const ratePerSecond = saturationPerSecond * step;
    const point = await offer({ system, redis: services.redis, load: loads.open, ratePerSecond, seconds });
    points.push(point);
    printPoint(point);
  }
  await system.stopWorkers();
  return { saturationPerSecond, points };
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    system: { type: 'string' },
    steps: { type: 'string' },
    'flush-ms': { type: 'string' },
  },
});
const options = {
  seconds: Number(values.seconds ?? 5),
  flushMs: Number(values['flush-ms'] ?? 0),
  steps: (values.steps ?? STEPS).split(',').map(Number),
};
const lifetime = openLifetime();
let code = 0;
try {
  const services = await startServices(ROOT, lifetime, options.flushMs);
  const bundles = await bundleAll(ROOT, join(services.dataDir, 'bundles'));
  const open = startChild(bundles.openLoop);
  lifetime.onClose('open loop', () => open.stop());
  const closed = startChild(bundles.load);
  lifetime.onClose('closed loop', () => closed.stop());
  const systems: CurveFile['systems'] = {};
  if (values.system !== 'vespid') {
    const baseline = await openBaseline(services, bundles, lifetime);
    systems.baseline = await measure(baseline, services, { closed, open }, options);
    await baseline.stopApi();
  }
  if (values.system !== 'baseline') {
    const vespid = await openVespid(ROOT, services, 1, lifetime);
    systems.vespid = await measure(vespid, services, { closed, open }, options);
  }
  const file: CurveFile = {
    kind: 'curve',
    date: new Date().toISOString(),
    machine: machine(),
    flushMs: options.flushMs,
    versions: services.versions,
    systems,
  };
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `curve-${file.date.slice(0, 10)}.json`);
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  console.log(`\nwritten: ${path}`);
} catch (error) {
  console.error(error);
  code = 1;
}
await lifetime.close();
process.exit(code);
