/** What bounds a run, and that a run at its bounds does no harm to others; the timeline's numbers. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TimelineItem } from '../../support/client.ts';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { TestWorker } from '../../support/processes.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const RUNTIME_ERROR = { type: expect.stringMatching(/\/errors\/runtime$/), status: 500 };
/** A loop that only MAX_RUN_STEPS ends. */
const loopOf = (expression: string): string => `
document: { dsl: 1.0.3, namespace: test, name: loop, version: 1.0.0 }
do:
  - compute: { set: { n: '\${ ${expression} }' } }
  - again: { set: '\${ . }', then: compute }
`;
const ENDLESS = loopOf('(.n // 0) + 1');
/** Of which every second task takes some milliseconds. */
const HEAVY = loopOf('[range(60000)] | add');

let stack: WorkerStack;
const workers: TestWorker[] = [];

beforeAll(async () => {
  stack = await openWorkerStack();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await stack.expectInvariants();
});
afterAll(async () => stack.close());

const startWorker = async (env: Record<string, string> = {}): Promise<void> =>
  void workers.push(await stack.startWorker(env));

describe('MAX_RUN_STEPS', () => {
  it('ends a loop with the runtime error, once; its timeline is cut and ends with the end', async () => {
    await startWorker({ MAX_RUN_STEPS: '20000' });
    const run = await stack.begin(await stack.org.publish(ENDLESS));
    expect(await stack.org.ended(run)).toMatchObject({
      status: 'failed',
      attemptCount: 1,
      error: RUNTIME_ERROR,
    });
    const [kept] = await stack.sql<{ timeline_count: number; dropped: number }[]>`
      SELECT timeline_count, timeline_dropped::int AS dropped FROM workflow_runs WHERE id = ${run}`;
    // Two entries a step.
    expect(kept?.timeline_count).toBeLessThan(10_010);
    expect((kept?.timeline_count ?? 0) + (kept?.dropped ?? 0)).toBeGreaterThan(40_000);
  });

  it('until then loops can be cancelled, and keep neither heartbeats nor calls nor other runs waiting', async () => {
    const { effects, org } = stack;
    await startWorker({ MAX_RUN_STEPS: '1000000000', WORKFLOW_QUEUE_CONCURRENCY: '60' });
    const calling = await stack.begin(
      await org.publish(workflow(callStep(effects.endpoint('hanging', { hang: true })))),
    );
    const call = await effects.called(calling, 'hanging');
    const id = await org.publish(HEAVY);
    const loops = await Promise.all(Array.from({ length: 40 }, () => stack.begin(id)));
    await Promise.all(loops.map((run) => org.reached(run, 'running')));
    const quick = await stack.begin(await org.publish(workflow({ answer: { set: { done: true } } })));
    expect((await org.ended(quick, 5000)).status).toBe('succeeded');
    // Longer than the lease.
    await waitUntil(async () => Date.now() - (await stack.row(loops[0] ?? '')).since_ms > 2500, {
      what: '2.5 s',
    });
    expect(await stack.sql`SELECT 1 FROM workflow_runs WHERE status = 'running'`).toHaveLength(41);
    await org.cancel(calling);
    const answeredAt = Date.now();
    const abandonedAt = await waitUntil(() => call.abandonedAt, { what: 'the call is aborted' });
    console.info(
      `beside ${loops.length} loops a call was aborted ${abandonedAt - answeredAt} ms after the cancel`,
    );
    expect(abandonedAt - answeredAt).toBeLessThan(2000);
    await Promise.all(loops.map((run) => org.cancel(run)));
    const cancelledAt = Date.now();
    await waitUntil(() => loops.every((run) => stack.events('workflow_run_fenced', run).length > 0), {
      what: 'the loops stop',
    });
    expect(Date.now() - cancelledAt).toBeLessThan(2000);
    expect(stack.events('workflow_run_requeued').filter((line) => line['reason'] !== 'job_missing')).toEqual(
      [],
    );
  });
});

describe('MAX_RUN_STATE_BYTES', () => {
  it('ends a run whose text would be astronomically long, though it is small in memory, and blocks nobody', async () => {
    const { effects, org } = stack;
    await startWorker();
    // Each iteration holds what was before twice.
    const doubled = { data: '${ $context }', again: '${ $context }' };
    const grow = {
      grow: { for: { in: '${ [range(60)] }' }, do: [{ twice: { set: '${ . }', export: { as: doubled } } }] },
    };
    const call = (name: string) => ({
      [name]: { call: 'http', with: { method: 'get', endpoint: effects.endpoint(name) } },
    });
    const ids = await Promise.all([
      org.publish(workflow(grow, { output: { set: '${ $context }' } })),
      org.publish(workflow(grow, { nap: { wait: { seconds: 2 } } })),
      org.publish(workflow(grow, call('one'), call('two'))),
      org.publish(workflow(grow, callStep(effects.endpoint('three'), { body: '${ $context }' }))),
      org.publish(
        workflow(grow, {
          raised: { raise: { error: { type: 'urn:x', status: 400, detail: '${ $context }' } } },
        }),
      ),
    ]);
    const runs = await Promise.all(ids.map((id) => stack.begin(id)));
    for (const run of runs) {
      // Of an expression when that comes upon it, else of the worker that has to keep it.
      const error = { type: expect.stringMatching(/\/errors\/(runtime|expression)$/) };
      expect(await org.ended(run, 5000)).toMatchObject({ status: 'failed', attemptCount: 1, error });
    }
    expect(effects.counts(runs[2] ?? '')['two']).toBeUndefined();
  });

  it('ends a run whose state or output outgrows it with the runtime error', async () => {
    const { effects, org } = stack;
    await startWorker({ MAX_RUN_STATE_BYTES: '4096' });
    const gathering = callStep(effects.endpoint('one'));
    Object.assign(gathering['one'] ?? {}, { export: { as: '${ ($context // []) + ["\\("x" * 500)"] }' } });
    const [state, output, parked] = await Promise.all([
      org.publish(workflow({ loop: { for: { in: '${ [range(100)] }' }, do: [gathering] } })),
      org.publish(workflow({ big: { set: { text: '${ "x" * 5000 }' } } })),
      org.publish(workflow({ big: { set: { text: '${ "x" * 5000 }' } } }, { nap: { wait: { seconds: 5 } } })),
    ]);
    const runs = await Promise.all([state, output, parked].map((id) => stack.begin(id)));
    for (const run of runs) {
      expect(await org.ended(run)).toMatchObject({ status: 'failed', attemptCount: 1, error: RUNTIME_ERROR });
    }
    const calls = effects.of(runs[0] ?? '').length;
    expect(calls).toBeGreaterThan(3);
    expect(calls).toBeLessThan(12);
  });
});

/** Reads a stream of server-sent events to its end. */
async function readStream(run: string, lastEventId?: string): Promise<TimelineItem[]> {
  const { api, org } = stack;
  const response = await fetch(`${api.baseUrl}/v1/orgs/${org.orgId}/runs/${run}/events`, {
    headers: {
      authorization: `Bearer ${org.apiKey}`,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: AbortSignal.timeout(20_000),
  });
  const events = (await response.text()).split('\n\n').filter((block) => block.includes('data: '));
  return events.map(
    (block) => JSON.parse(block.slice(block.indexOf('data: ') + 6).split('\n')[0] ?? '') as TimelineItem,
  );
}

describe('the timeline', () => {
  it('has no gap over a park, a retry, a hand-over and a crash, in the stream as in the list', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow(
        callStep(effects.endpoint('one')),
        { nap: { wait: { milliseconds: 1200 } } },
        callStep(effects.endpoint('two', { status: 503, times: 1 })),
        callStep(effects.endpoint('three', { hang: true, times: 1 })),
        callStep(effects.endpoint('four', { hang: true, times: 1 })),
        gathered,
      ),
    );
    await startWorker();
    const run = await stack.begin(id);
    const live = readStream(run);
    await effects.called(run, 'three');
    await workers.pop()?.stop();
    await startWorker();
    await effects.called(run, 'four');
    const dying = workers.pop();
    dying?.kill('SIGKILL');
    await dying?.exited;
    await startWorker();
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 3 });
    const streamed = await live;
    const { items } = (await org.events(run)).body;
    expect(streamed).toEqual(items);
    expect(items.map((item) => item.id)).toEqual(items.map((_item, index) => index));
    // `run_requeued` when the search for dead workers was faster than the job that came back by itself.
    const types = items
      .map(({ type }) => type)
      .filter((type) => type.startsWith('run_') && type !== 'run_requeued');
    expect(types).toEqual([
      'run_enqueued',
      'run_started',
      'run_waiting',
      'run_retried',
      'run_started',
      'run_handed_over',
      'run_started',
      'run_succeeded',
    ]);
    expect(await readStream(run, '5')).toEqual(items.slice(6));
  });
});
