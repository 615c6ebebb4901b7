/** The API process itself ends while it takes runs. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectPromisesKept } from '../../support/accept-promises.ts';
import { orgClient } from '../../support/client.ts';
import { figures, startLoad, type Load } from '../../support/load.ts';
import type { TestApi } from '../../support/processes.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack({ env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: '600' } });
});
afterAll(async () => stack.close());
afterEach(() => stack.redis.kill('SIGCONT'));

function startRuns(api: TestApi): Load {
  const org = orgClient(api.baseUrl, stack.org.orgId, stack.org.apiKey);
  return startLoad({
    perSecond: 150,
    maxInFlight: 100,
    start: (request) => org.start(stack.workflowId, { labels: { request } }),
  });
}

const accepted = (load: Load, count: number): Promise<unknown> =>
  waitUntil(() => load.samples.filter(({ status }) => status === 201).length >= count, {
    what: `${count} runs`,
  });
const rowsWait = (count: number): Promise<unknown> =>
  waitUntil(async () => (await stack.rows()).filter(({ status }) => status === 'queued').length >= count, {
    what: `${count} rows wait for the queue`,
  });
const broken = (load: Load): Promise<unknown> =>
  waitUntil(() => load.samples.filter(({ status }) => status === 0).length >= 20, {
    what: 'the API is gone',
  });

it('SIGTERM: what was begun is answered, also while the queue does not answer, and the rest is not begun', async () => {
  const api = await stack.startApi();
  const load = startRuns(api);
  await accepted(load, 100);
  await stack.redis.kill('SIGSTOP');
  await rowsWait(15);
  api.kill('SIGTERM');
  const { code } = await api.exited;
  await stack.redis.kill('SIGCONT');
  await broken(load);
  const samples = await load.stop();
  await stack.settled();
  console.info(`SIGTERM: ${figures(samples.filter(({ status }) => status !== 0))}`);
  expect(code).toBe(0);
  await expectPromisesKept(stack, samples, { unanswered: true });
  const labels = new Set(samples.filter(({ status }) => status === 0).map(({ label }) => label));
  expect((await stack.rows()).filter(({ label }) => label !== null && labels.has(label))).toEqual([]);
});

it('SIGKILL: a row that stands is executed, whatever the caller was able to learn', async () => {
  const api = await stack.startApi();
  const load = startRuns(api);
  await accepted(load, 100);
  await stack.redis.kill('SIGSTOP');
  await rowsWait(15);
  api.kill('SIGKILL');
  await api.exited;
  await stack.redis.kill('SIGCONT');
  await broken(load);
  const samples = await load.stop();
  await stack.age();
  await stack.settled();
  await expectPromisesKept(stack, samples, { unanswered: true });
  const unanswered = new Set(samples.filter(({ status }) => status === 0).map(({ label }) => label));
  const standing = (await stack.rows()).filter(({ label }) => label !== null && unanswered.has(label));
  // Else the test has shown nothing; how many of those waiting were still answered is chance.
  expect(standing.length).toBeGreaterThan(0);
});
