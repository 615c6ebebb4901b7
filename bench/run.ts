/**
 * Vespid beside the usual design (bench/baseline/), on one Postgres and one Redis of its own, in interleaved rounds:
 * `npm run bench` (under ten minutes), `npm run bench -- --quick` (under two). See bench/lib/options.ts for more.
 * Prints a table and writes bench/results/<date>.json.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openLifetime, type Lifetime } from '../scripts/stack/lifetime.ts';
import { openBaseline } from './lib/baseline-system.ts';
import { bundleAll } from './lib/bundle.ts';
import { startChild } from './lib/child.ts';
import { linesOf } from './lib/lines.ts';
import { readOptions, type Options } from './lib/options.ts';
import { resultsOf, writeResults } from './lib/results.ts';
import { runRounds } from './lib/rounds.ts';
import { startServices } from './lib/services.ts';
import { formatTable } from './lib/table.ts';
import { openVespid } from './lib/vespid-system.ts';
import { machine } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');

function commitOf(root: string): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

async function bench(options: Options, lifetime: Lifetime): Promise<void> {
  const startedAt = new Date();
  const services = await startServices(ROOT, lifetime, options.flushMs);
  const bundles = await bundleAll(ROOT, join(services.dataDir, 'bundles'));
  const load = startChild(bundles.load);
  lifetime.onClose('load generator', () => load.stop());
  const stepPort = await load.ask<number>({ kind: 'serve' });
  const baseline = await openBaseline(services, bundles, lifetime);
  const vespid = await openVespid(ROOT, services, stepPort, lifetime);
  const { sizes, isWhole, flushMs } = options;
  const rounds = await runRounds({ services, bundles, load, baseline, vespid, sizes }, options);
  const lines = linesOf(rounds);
  const { commitMs, versions } = services;
  console.log(`\n${machine()}, PostgreSQL ${versions.postgres}, Redis ${versions.redis}`);
  console.log(
    `the commit of one row takes ${commitMs.toFixed(2)} ms${flushMs === 0 ? '' : `, ${flushMs} of them added to each flush`}`,
  );
  console.log(`medians of ${sizes.rounds} interleaved rounds\n\n${formatTable(lines)}`);
  const file = join(
    ROOT,
    'bench/results',
    `${startedAt.toISOString().slice(0, 10)}${flushMs === 0 ? '' : '-slow-disk'}${isWhole ? '' : '-part'}.json`,
  );
  const facts = {
    now: startedAt,
    services,
    flushMs,
    commit: commitOf(ROOT),
    sizes,
    lines,
    rounds,
  };
  writeResults(file, resultsOf(facts));
  const seconds = ((Date.now() - startedAt.getTime()) / 1000).toFixed(0);
  console.log(`\n${seconds} s; ${file}`);
}

const options = readOptions(process.argv.slice(2));
const lifetime = openLifetime();
let code = 0;
try {
  await bench(options, lifetime);
} catch (error) {
  console.error(error);
  code = 1;
}
await lifetime.close();
process.exit(code);
