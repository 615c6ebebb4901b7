/**
 * Whether memory grows: a million runs at a steady rate below saturation, `npm run bench:soak` (`-- --runs N --rate N
 * --every seconds --flush-ms N`). Prints a line for each sample and the slopes, and writes bench/results/soak-<date>.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openLifetime, type Lifetime } from '../scripts/stack/lifetime.ts';
import { bundleAll } from './lib/bundle.ts';
import { startChild, type Child } from './lib/child.ts';
import { startServices, type Services } from './lib/services.ts';
import { waitDrained, type System } from './lib/system.ts';
import { openVespid } from './lib/vespid-system.ts';
import { machine } from './measure.ts';
import type { OpenLoad, OpenResult } from './offered/load.ts';
import { saturation } from './offered/saturation.ts';
import { readSample, slopesOf, type Sample, type SoakFile } from './soak/samples.ts';

const ROOT = join(import.meta.dirname, '..');
/** Of what 64 clients get done that send as fast as they are answered. */
const LOAD = 0.6;
const WARM_UP = 3000;
const SATURATING = 6000;
/** A load is sent in parts of so many seconds. */
const PART_SECONDS = 20;

interface Options {
  runs: number;
  /** Per second; null: LOAD of saturation. */
  rate: number | null;
  everyMs: number;
  /** Added to each flush of the WAL, ms. */
  flushMs: number;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    rate: { type: 'string' },
    every: { type: 'string' },
    'flush-ms': { type: 'string' },
  },
});
const options: Options = {
  runs: Number(values.runs ?? 1_000_000),
  rate: values.rate === undefined ? null : Number(values.rate),
  everyMs: Number(values.every ?? 10) * 1000,
  flushMs: Number(values['flush-ms'] ?? 0),
};

const printSample = (sample: Sample): void =>
  console.log(
    Object.entries(sample)
      .map(([name, value]) => `${name} ${Number(value).toFixed(name === 'runs' ? 0 : 1)}`)
      .join('  '),
  );

/** Sends all runs at the rate. @throws {Error} when one is not accepted */
async function sendAll(ask: (load: OpenLoad) => Promise<OpenResult>, load: OpenLoad): Promise<void> {
  const part = Math.ceil(load.ratePerSecond * PART_SECONDS);
  for (let sent = 0; sent < load.count; sent += part) {
    const { outcomes } = await ask({ ...load, count: Math.min(part, load.count - sent) });
    if (Object.keys(outcomes).some((outcome) => outcome !== '201'))
      throw new Error(`not all were accepted: ${JSON.stringify(outcomes)}`);
  }
}

interface Stage {
  services: Services;
  system: System;
  open: Child;
  closed: Child;
  /** Where the processes write what they hold. */
  probes: string;
}

/** Starts everything, warm. */
async function openStage({ everyMs, flushMs }: Options, lifetime: Lifetime): Promise<Stage> {
  const services = await startServices(ROOT, lifetime, flushMs);
  const probes = join(services.dataDir, 'probes');
  mkdirSync(probes);
  const bundles = await bundleAll(ROOT, join(services.dataDir, 'bundles'));
  const open = startChild(bundles.openLoop);
  const closed = startChild(bundles.load);
  lifetime.onClose('load', () => [open, closed].forEach((child) => child.stop()));
  // Only what is started from here on is looked into.
  Object.assign(process.env, {
    NODE_OPTIONS: `--import=${pathToFileURL(join(ROOT, 'bench/soak/probe.mjs')).href}`,
    SOAK_PROBE_FOLDER: probes,
    SOAK_PROBE_EVERY_MS: String(everyMs),
  });
  const system = await openVespid(ROOT, services, 1, lifetime);
  await system.startWorker();
  await saturation(system, services, closed, WARM_UP);
  return { services, system, open, closed, probes };
}

/** Sends the runs at the rate, with a look at the memory every so often. */
async function run(stage: Stage, options: Options, ratePerSecond: number): Promise<Sample[]> {
  const { services, system, open, probes } = stage;
  const [target] = system.targets('sets');
  if (target === undefined) throw new Error('there is no API');
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    void readSample(probes, system, services).then((sample) => {
      if (sample === null) return;
      samples.push(sample);
      printSample(sample);
    });
  }, options.everyMs);
  const load = { target, json: '{}', ratePerSecond, count: options.runs, connections: 200, maxSamples: 1 };
  await sendAll((part) => open.ask<OpenResult>(part), load);
  clearInterval(timer);
  await waitDrained(system, services.redis);
  return samples;
}

/** Writes bench/results/soak-<date>.json. @returns its path */
function writeSoak(facts: Omit<SoakFile, 'kind' | 'date' | 'machine'>): string {
  const date = new Date().toISOString();
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `soak-${date.slice(0, 10)}.json`);
  const file: SoakFile = { kind: 'soak', date, machine: machine(), ...facts };
  writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  return path;
}

async function soak(options: Options, lifetime: Lifetime): Promise<void> {
  const stage = await openStage(options, lifetime);
  const { services, system, closed } = stage;
  const ratePerSecond = options.rate ?? LOAD * (await saturation(system, services, closed, SATURATING));
  console.log(`${options.runs} runs at ${ratePerSecond.toFixed(0)}/s`);
  const samples = await run(stage, options, ratePerSecond);
  const slopes = slopesOf(samples);
  console.log('\nMB for each 100,000 runs:');
  for (const [name, { slope, standardError, isFlat }] of Object.entries(slopes)) {
    const verdict = isFlat ? 'flat within noise' : 'GROWS';
    console.log(`  ${name.padEnd(18)} ${slope.toFixed(3)} ± ${standardError.toFixed(3)}  ${verdict}`);
  }
  const { versions } = services;
  const path = writeSoak({ versions, runs: options.runs, ratePerSecond, slopes, samples });
  console.log(`\nwritten: ${path}`);
}

const lifetime = openLifetime();
let code = 0;
try {
  await soak(options, lifetime);
} catch (error) {
  console.error(error);
  code = 1;
}
await lifetime.close();
process.exit(code);
