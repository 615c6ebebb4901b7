/**
 * One worker under runs that loop over expressions which use up their budgets: how long its event loop is held,
 * whether its heartbeat comes, and how long other runs wait for their start. `npm run bench:busy`.
 * LOOPS and SECONDS change the load and its length.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { bringUp, type LocalStack } from '../scripts/stack/bring-up.ts';
import { openLifetime, type Lifetime } from '../scripts/stack/lifetime.ts';
import { readSettings } from '../scripts/stack/settings.ts';
import { machine } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');
const LOOPS = Number(process.env['LOOPS'] ?? 50);
const SECONDS = Number(process.env['SECONDS'] ?? 20);
const SCRAPE_MS = 1000;
const BEAT_LOOK_MS = 50;

/** What each loop evaluates in turn; every one ends in a limit. */
const HAZARDS = [
  '[range(1e9)]',
  'def f: f; f',
  'repeat(0)',
  '.[1e9] = 1',
  '"x" * 1e9',
  '[limit(1e9; repeat(1))]',
  'def f: [f]; f',
  '(reduce range(100000) as $_ (0; [.])) | @json',
  'last(range(1e9))',
  '[range(100000)] | map(tostring) | sort | group_by(.[0:2]) | tojson | fromjson',
];

const document = (name: string): string =>
  `document: { dsl: 1.0.3, namespace: bench, name: ${name}, version: 1.0.0 }`;

const LOOPING = `${document('looping')}
do:
${HAZARDS.map(
  (source, index) => `  - step${index}:
      try: [ { burn: { set: { x: ${JSON.stringify(`\${ ${source} }`)} } } } ]
      catch: {}
`,
).join('')}  - again: { set: { again: true }, then: step0 }
`;

const SMALL = `${document('small')}
do: [ { answer: { set: { sum: '\${ .a + 1 }' } } } ]
`;

type Org = { orgId: string; apiKey: string };

interface Lag {
  maxMs: number;
  p99Ms: number;
}

/** The worker's port is in its log: it listens on any free one. */
function workerPort(logFile: string): number {
  const line = readFileSync(logFile, 'utf8')
    .split('\n')
    .find((text) => text.includes('"event":"worker_ready"'));
  const { port } = JSON.parse(line ?? '{}') as { port?: number };
  if (port === undefined) throw new Error('the worker is not ready');
  return port;
}

/** Event loop delay since the last scrape. */
async function scrape(port: number): Promise<Lag> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  const value = (name: string): number =>
    Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text)?.[1]) * 1000;
  return { maxMs: value('max'), p99Ms: value('p99') };
}

/** The `percent`th percentile, by nearest rank. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Repeats `action` every `ms` until `signal` aborts. */
async function every(ms: number, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await action();
    await sleep(ms);
  }
}

interface Observed {
  lags: Lag[];
  beatGapsMs: number[];
  smallRuns: number;
  smallFailures: number;
}

async function observe(stack: LocalStack, org: Org, sql: postgres.Sql, small: string): Promise<Observed> {
  const over = AbortSignal.timeout(SECONDS * 1000);
  const observed: Observed = { lags: [], beatGapsMs: [], smallRuns: 0, smallFailures: 0 };
  const port = workerPort(join(stack.devFile, '..', 'logs', 'worker.log'));
  await scrape(port);
  await Promise.all([
    every(SCRAPE_MS, over, async () => void observed.lags.push(await scrape(port))),
    every(BEAT_LOOK_MS, over, async () => {
      const [row] = await sql<{ gap: number }[]>`
        SELECT (EXTRACT(EPOCH FROM now() - max(heartbeat_at)) * 1000)::float8 AS gap FROM workers`;
      observed.beatGapsMs.push(row?.gap ?? Number.NaN);
    }),
    every(100, over, async () => {
      const { status } = await stack.client.run(org, small, { a: 1 }, 10);
      observed.smallRuns += 1;
      if (status !== 'succeeded') observed.smallFailures += 1;
    }),
  ]);
  return observed;
}

async function startLatencies(sql: postgres.Sql, workflowId: string): Promise<number[]> {
  const rows = await sql<{ ms: number }[]>`
    SELECT (EXTRACT(EPOCH FROM started_at - created_at) * 1000)::float8 AS ms FROM workflow_runs
    WHERE workflow_id = ${workflowId} AND started_at IS NOT NULL`;
  return rows.map(({ ms }) => ms);
}

function report(observed: Observed, starts: readonly number[], runningLoops: number): void {
  const { lags, beatGapsMs, smallRuns, smallFailures } = observed;
  const line = (name: string, value: string): void => console.log(`  ${name.padEnd(44)} ${value}`);
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  console.log(`\n${machine()}\n${LOOPS} looping runs on one worker, ${SECONDS} s`);
  line('event loop delay, max', ms(Math.max(...lags.map(({ maxMs }) => maxMs))));
  line(
    'event loop delay, max of each second, median',
    ms(
      percentile(
        lags.map((lag) => lag.maxMs),
        50,
      ),
    ),
  );
  line('event loop delay, p99 (worst second)', ms(Math.max(...lags.map(({ p99Ms }) => p99Ms))));
  line('heartbeat, longest gap', ms(Math.max(...beatGapsMs)));
  line('start of other runs, p50', ms(percentile(starts, 50)));
  line('start of other runs, p99', ms(percentile(starts, 99)));
  line('start of other runs, max', ms(Math.max(...starts)));
  line('other runs: done, not succeeded', `${smallRuns}, ${smallFailures}`);
  line('looping runs still running', String(runningLoops));
}

async function bench(lifetime: Lifetime): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vespid-bench-'));
  lifetime.onClose('data folder', () => rmSync(dataDir, { recursive: true, force: true }));
  Object.assign(process.env, {
    PORT: '0',
    VESPID_DATA_DIR: dataDir,
    MAX_RUN_STEPS: '1000000000',
  });
  const stack = await bringUp(ROOT, readSettings(process.env, 0), lifetime);
  const sql = postgres(stack.dev.databaseUrl, { max: 2, fetch_types: false, onnotice: () => {} });
  lifetime.onClose('connections', () => sql.end({ timeout: 1 }));
  const org = { orgId: stack.dev.orgId, apiKey: stack.dev.apiKey };
  const looping = await stack.client.publish(org, LOOPING);
  const small = await stack.client.publish(org, SMALL);
  await Promise.all(Array.from({ length: LOOPS }, () => stack.client.run(org, looping, {}, 0)));
  await sleep(2000);
  const observed = await observe(stack, org, sql, small);
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM workflow_runs WHERE workflow_id = ${looping} AND status = 'running'`;
  report(observed, await startLatencies(sql, small), row?.count ?? 0);
}

const lifetime = openLifetime();
let code = 0;
try {
  await bench(lifetime);
} catch (error) {
  console.error(error);
  code = 1;
}
await lifetime.close();
process.exit(code);
