/**
 * What a recorded step costs late in a long run, and in a wide fork: `npm run bench:steps`. STEPS and BRANCHES change
 * the sizes.
 */
import { machine, median } from './measure.ts';
import { line, onStack, openTarget, type BenchStack } from './stack.ts';

const STEPS = Number(process.env['STEPS'] ?? 5000);
const BRANCHES = Number(process.env['BRANCHES'] ?? 1000);
/** Steps that are compared at either end of the loop. */
const WINDOW = Math.min(500, Math.floor(STEPS / 4));

const document = (name: string): string =>
  `document: { dsl: 1.0.3, namespace: bench, name: ${name}, version: 1.0.0 }`;

const loop = (url: string): string => `${document('loop')}
do:
  - loop:
      for: { in: '\${ [range(${STEPS}) | { id: ., name: "element \\(.)" }] }' }
      do: [ { step: { call: http, with: { method: get, endpoint: '${url}' }, output: { as: '\${ null }' } } } ]
`;

const fork = (url: string, count: number): string => `${document(`fork-${count}`)}
do:
  - all:
      fork:
        branches:
${Array.from(
  { length: count },
  (_branch, index) => `          - b${index}: { call: http, with: { method: get, endpoint: '${url}' } }`,
).join('\n')}
`;

/** Bytes of WAL written so far. */
async function walBytes({ sql }: BenchStack): Promise<number> {
  const [row] = await sql<{ bytes: string }[]>`SELECT pg_current_wal_lsn() - '0/0' AS bytes`;
  return Number(row?.bytes);
}

async function ended({ sql }: BenchStack, runId: string): Promise<void> {
  for (;;) {
    const [row] = await sql<{ status: string }[]>`SELECT status FROM workflow_runs WHERE id = ${runId}`;
    if (row?.status === 'succeeded') return;
    if (row?.status === 'failed') throw new Error(`the run ${runId} failed`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

await onStack({ MAX_BODY_BYTES: '4194304' }, async (bench) => {
  const { stack, org, lifetime } = bench;
  const times: number[] = [];
  const wal: Promise<number>[] = [];
  const url = await openTarget(lifetime, () => {
    times.push(performance.now());
    if (times.length % WINDOW === 0) wal.push(walBytes(bench));
  });
  const looping = await stack.client.publish(org, loop(url));
  await ended(bench, (await stack.client.run(org, looping, {}, 0)).id);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const [first, last] = [median(gaps.slice(10, 10 + WINDOW)), median(gaps.slice(-WINDOW))];
  const marks = await Promise.all(wal);
  const bytes = marks.slice(1).map((mark, index) => (mark - (marks[index] ?? 0)) / WINDOW);
  console.log(`\n${machine()}\nA loop of ${STEPS} HTTP steps over ${STEPS} elements`);
  line(`ms a step, steps 10 to ${10 + WINDOW}, median`, first.toFixed(3));
  line(`ms a step, the last ${WINDOW}, median`, `${last.toFixed(3)} (${(last / first).toFixed(2)} ×)`);
  line('WAL bytes a step, by windows', bytes.map((value) => value.toFixed(0)).join(' '));

  console.log('Forks of HTTP steps');
  const perBranch: number[] = [];
  for (const count of [10, 100, BRANCHES]) {
    const id = await stack.client.publish(org, fork(url, count));
    await ended(bench, (await stack.client.run(org, id, {}, 0)).id);
    const rounds: { ms: number; bytes: number }[] = [];
    for (let round = 0; round < (count > 100 ? 3 : 9); round += 1) {
      const [bytesBefore, startedAt] = [await walBytes(bench), performance.now()];
      await ended(bench, (await stack.client.run(org, id, {}, 30)).id);
      rounds.push({ ms: performance.now() - startedAt, bytes: (await walBytes(bench)) - bytesBefore });
    }
    const ms = median(rounds.map((round) => round.ms));
    perBranch.push(ms / count);
    line(
      `${count} branches`,
      `${ms.toFixed(0)} ms, ${(ms / count).toFixed(3)} ms and ${(median(rounds.map((round) => round.bytes)) / count).toFixed(0)} WAL bytes a branch`,
    );
  }
});
