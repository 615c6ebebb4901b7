/**
 * What runs that wait cost: memory of the worker, statements and commands, without and with RUNS waiting ones:
 * `npm run bench:waiting`.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { machine } from './measure.ts';
import { line, onStack, type BenchStack } from './stack.ts';

const RUNS = Number(process.env['RUNS'] ?? 10_000);
const SECONDS = 15;
const BATCH = 1000;

const WAITING = `document: { dsl: 1.0.3, namespace: bench, name: waiting, version: 1.0.0 }
do: [ { nap: { wait: { hours: 12 } } } ]
`;
const LISTENING = `document: { dsl: 1.0.3, namespace: bench, name: listening, version: 1.0.0 }
do:
  - answer:
      listen:
        to:
          one:
            with: { type: com.example.answer }
            correlate: { id: { from: .data.id, expect: '\${ .id }' } }
`;

interface Idle {
  rssMb: number;
  statementsPerSecond: number;
  commandsPerSecond: number;
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function counters({ sql, redis }: BenchStack & { redis: Redis }): Promise<[number, number]> {
  const [row] = await sql<{ count: string }[]>`
    SELECT sum(xact_commit + xact_rollback) AS count FROM pg_stat_database WHERE datname = current_database()`;
  const commands = /total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1];
  return [Number(row?.count), Number(commands)];
}

async function idle(bench: BenchStack & { redis: Redis }): Promise<Idle> {
  await sleep(5000);
  const before = await counters(bench);
  await sleep(SECONDS * 1000);
  const after = await counters(bench);
  return {
    rssMb: rssMb(bench.stack.dev.pids.worker),
    statementsPerSecond: (after[0] - before[0]) / SECONDS,
    commandsPerSecond: (after[1] - before[1]) / SECONDS,
  };
}

/** Starts runs in batches and waits until all of them wait. */
async function start({ stack, org, sql }: BenchStack, definition: string): Promise<void> {
  const id = await stack.client.publish(org, definition);
  for (let from = 0; from < RUNS; from += BATCH) {
    const items = Array.from({ length: BATCH }, (_item, index) => ({ input: { id: from + index } }));
    const response = await fetch(`${stack.dev.baseUrl}/v1/orgs/${org.orgId}/workflows/${id}/runs/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${org.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ items }),
    });
    if (response.status !== 200) throw new Error(await response.text());
  }
  for (;;) {
    const [row] = await sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM workflow_runs WHERE workflow_id = ${id} AND status = 'waiting'`;
    if (row?.count === RUNS) return;
    await sleep(500);
  }
}

await onStack({}, async (bench) => {
  const redis = new Redis(bench.stack.dev.redisUrl);
  bench.lifetime.onClose('redis', () => redis.disconnect());
  const all = { ...bench, redis };
  const show = (name: string, figures: Idle): void => {
    line(`${name}: worker RSS`, `${figures.rssMb.toFixed(0)} MB`);
    line(`${name}: statements a second`, figures.statementsPerSecond.toFixed(1));
    line(`${name}: Redis commands a second`, figures.commandsPerSecond.toFixed(1));
  };
  console.log(`\n${machine()}`);
  show('idle', await idle(all));
  await start(bench, WAITING);
  show(`${RUNS} runs that wait`, await idle(all));
  await start(bench, LISTENING);
  show(`and ${RUNS} that listen`, await idle(all));
});
