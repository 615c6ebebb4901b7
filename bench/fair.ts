/**
 * How long a run of one org waits for its start while another org has a backlog of RUNS runs: `npm run bench:fair`.
 * From the sending of the request to `startedAt`, 95th percentile, with and without the backlog; one worker of 50.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { machine } from './measure.ts';
import { line, onStack, type BenchStack } from './stack.ts';

const RUNS = Number(process.env['RUNS'] ?? 10_000);
const BATCH = 1000;
const SAMPLES = 200;
const EVERY_MS = 40;
const MAX_RATIO = 3;
/** Time to queue them, ms. */
const DUE_MS = 15_000;
/** Below the worker's 50. */
const MAX_IN_FLIGHT = 25;

const document = (name: string): string =>
  `document: { dsl: 1.0.3, namespace: bench, name: ${name}, version: 1.0.0 }`;
const SHORT = `${document('short')}
do:
  - one: { set: { a: 1 } }
  - two: { set: { b: '\${ .a + 1 }' } }
  - three: { set: { c: '\${ .b + 1 }' } }
`;
/** Holds its slot for four seconds: waits of up to a second are slept in place. */
const LONG = `${document('long')}
do:
  - nap: { for: { each: n, in: '\${ [range(5)] }' }, do: [ { nap: { wait: { milliseconds: 800 } } } ] }
`;

type Org = BenchStack['org'];

async function call(
  { stack }: BenchStack,
  org: Org,
  method: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  const response = await fetch(`${stack.dev.baseUrl}/v1/orgs/${org.orgId}${path}`, {
    method,
    headers: { authorization: `Bearer ${org.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** @param startAt RFC 3339; undefined: at once */
async function queue(
  bench: BenchStack,
  org: Org,
  workflowId: string,
  count: number,
  startAt?: string,
): Promise<void> {
  for (let left = count; left > 0; left -= BATCH) {
    const items = Array.from({ length: Math.min(BATCH, left) }, () => ({ startAt }));
    await call(bench, org, 'POST', `/workflows/${workflowId}/runs/batch`, { items });
  }
}

/** Runs of the workflow that have not ended. */
async function open({ sql }: BenchStack, workflowId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM workflow_runs WHERE workflow_id = ${workflowId} AND finished_at IS NULL`;
  return row?.count ?? 0;
}

/** Starts runs one after the other, while `goesOn` says so. @returns how long each waited, ms, sorted */
async function waits(
  bench: BenchStack,
  org: Org,
  workflowId: string,
  goesOn: () => Promise<boolean>,
): Promise<number[]> {
  const sentAtMs = new Map<string, number>();
  while (sentAtMs.size < SAMPLES && (await goesOn())) {
    const sentMs = performance.timeOrigin + performance.now();
    // The API answers with the run.
    const { run } = (await call(bench, org, 'POST', `/workflows/${workflowId}/runs`, {})) as {
      run: { id: string };
    };
    sentAtMs.set(run.id, sentMs);
    await sleep(EVERY_MS);
  }
  while ((await open(bench, workflowId)) > 0) await sleep(100);
  const rows = await bench.sql<{ id: string; started_ms: number }[]>`
    SELECT id, (EXTRACT(EPOCH FROM started_at) * 1000)::float8 AS started_ms FROM workflow_runs WHERE workflow_id = ${workflowId}`;
  return rows
    .flatMap(({ id, started_ms: startedMs }) => {
      const sentMs = sentAtMs.get(id);
      return sentMs === undefined ? [] : [startedMs - sentMs];
    })
    .toSorted((left, right) => left - right);
}

const at = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;

function show(name: string, sorted: readonly number[], unloaded: readonly number[]): void {
  const [p50, p95] = [at(sorted, 50), at(sorted, 95)];
  const ratio = p95 / at(unloaded, 95);
  const verdict = ratio <= MAX_RATIO ? '' : `  MISSED ${MAX_RATIO}`;
  line(
    `${name} (${sorted.length} runs)`,
    `p50 ${p50.toFixed(1)} ms  p95 ${p95.toFixed(1)} ms  max ${at(sorted, 100).toFixed(1)} ms  × ${ratio.toFixed(2)}${verdict}`,
  );
}

await onStack({}, async (bench) => {
  const { org: a, stack } = bench;
  const b = await stack.client.createOrg('other');
  const [short, long, mine] = [
    await stack.client.publish(a, SHORT),
    await stack.client.publish(a, LONG),
    await stack.client.publish(b, SHORT),
  ];
  console.log(`\n${machine()}\nfrom the request to the start of a run`);
  await waits(bench, b, mine, async () => true);
  const unloaded = await waits(bench, b, mine, async () => true);
  show('nothing else to do', unloaded, unloaded);

  await queue(bench, a, short, RUNS);
  const startedAtMs = performance.now();
  const before = await open(bench, short);
  show(
    `beside ${RUNS} queued runs of three sets`,
    await waits(bench, b, mine, async () => (await open(bench, short)) > 100),
    unloaded,
  );
  const done = before - (await open(bench, short));
  line(
    'of those, meanwhile, a second',
    String(Math.round((done / (performance.now() - startedAtMs)) * 1000)),
  );
  while ((await open(bench, short)) > 0) await sleep(200);

  const dueAtMs = Date.now() + DUE_MS;
  await queue(bench, a, short, RUNS, new Date(dueAtMs).toISOString());
  await sleep(dueAtMs - Date.now() - 500);
  show(
    `while ${RUNS} runs fall due at one moment`,
    await waits(bench, b, mine, async () => (await open(bench, short)) > 100),
    unloaded,
  );
  while ((await open(bench, short)) > 0) await sleep(200);

  await call(bench, a, 'PATCH', '/limits', { maxRunsInFlight: MAX_IN_FLIGHT });
  // Workers read limits every other second.
  await sleep(3000);
  await queue(bench, a, long, 500);
  show(
    `beside 500 runs of 4 s, at most ${MAX_IN_FLIGHT} in flight`,
    await waits(bench, b, mine, async () => (await open(bench, long)) > 0),
    unloaded,
  );
});
