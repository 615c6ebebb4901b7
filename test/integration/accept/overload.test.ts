/** More requests than the API can serve: it answers early, and nothing is left half-created. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectPromisesKept } from '../../support/accept-promises.ts';
import { sample, type Sample } from '../../support/load.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';

/** More than are let in at most. */
const MANY = 1500;
/** The most that are never refused. */
const FEW = 250;

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack({ apiEnv: () => ({ DATABASE_TIMEOUT_MS: '20000' }) });
});
afterAll(() => stack.close());

/** Keeps every insert of a run waiting until `action` is done; keys are looked up all the same. */
async function whileInsertsWait(action: () => Promise<void>): Promise<void> {
  await stack.settled();
  await stack.sql.begin(async (sql) => {
    await sql`LOCK TABLE workflow_runs IN EXCLUSIVE MODE`;
    await action();
  });
}

/** So many requests at the same time; `done` grows while they are answered. */
function startTogether(count: number): { done: Sample[]; all: Promise<Sample[]> } {
  const done: Sample[] = [];
  const requests = Array.from({ length: count }, async (_request, index) => {
    const label = randomUUID();
    const body = { input: { index }, labels: { request: label } };
    const one = await sample(label, () => stack.org.start(stack.workflowId, body));
    done.push(one);
    return one;
  });
  return { done, all: Promise.all(requests) };
}

const isOverloaded = ({ status, code, reason }: Sample): boolean =>
  status === 503 && code === 'QUEUE_UNAVAILABLE' && reason === 'overloaded';

async function counted(name: string): Promise<number> {
  const text = await (await fetch(`${stack.api.baseUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

it('answers what it cannot serve at once, accepts what it took, and leaves nothing half-created', async () => {
  const countedBefore = await counted('vespid_queue_unavailable_total');
  let all: Promise<Sample[]> | undefined;
  await whileInsertsWait(async () => {
    const load = startTogether(MANY);
    all = load.all;
    // Nothing can be inserted: whoever is answered now is answered early.
    await waitUntil(() => load.done.filter(isOverloaded).length >= MANY - 1100, {
      what: 'the rest is refused',
    });
    expect(load.done.filter((one) => !isOverloaded(one))).toEqual([]);
  });
  const samples = (await all) ?? [];
  const refused = samples.filter(isOverloaded);
  expect(samples.filter(({ status }) => status === 201).length).toBe(MANY - refused.length);
  expect(refused.length).toBeLessThan(MANY - FEW);
  expect((await counted('vespid_queue_unavailable_total')) - countedBefore).toBe(refused.length);
  const told = (): number =>
    stack.api.logs
      .filter(({ event, reason }) => event === 'queue_unavailable' && reason === 'overloaded')
      .reduce((sum, { count }) => sum + Number(count), 0);
  await waitUntil(() => told() === refused.length, { what: 'the log tells of every refusal' });
  await stack.settled();
  await expectPromisesKept(stack, samples);
});

it('refuses none of so few requests, however slow the database is', async () => {
  let all: Promise<Sample[]> | undefined;
  await whileInsertsWait(async () => {
    const load = startTogether(FEW);
    all = load.all;
    await waitUntil(async () => (await counted('vespid_run_creations_in_flight')) === FEW, {
      what: 'all are let in',
    });
    expect(load.done).toEqual([]);
  });
  const samples = (await all) ?? [];
  expect(samples.filter(({ status }) => status !== 201)).toEqual([]);
  await stack.settled();
  await expectPromisesKept(stack, samples);
});
