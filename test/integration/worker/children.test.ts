/** `run: workflow`: runs of other workflows, started once, waited for without a slot, cancelled with their parent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrg } from '../../support/client.ts';
import { callStep } from '../../support/effects.ts';
import { ADMIN_TOKEN, type TestWorker } from '../../support/processes.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;
let worker: TestWorker;

beforeAll(async () => {
  stack = await openWorkerStack();
  worker = await stack.startWorker({ WORKFLOW_QUEUE_CONCURRENCY: '2' });
});
afterAll(async () => stack.close());

const named = (name: string, tasks: Record<string, unknown>[], version = '1.0.0'): string =>
  JSON.stringify({ document: { dsl: '1.0.3', namespace: 'family', name, version }, do: tasks });

const runs = (name: string, more: Record<string, unknown> = {}, version = 'latest') => ({
  child: { run: { workflow: { namespace: 'family', name, version, ...more } } },
});

/** The children of a run, oldest first. */
const childrenOf = (parent: string) =>
  stack.sql<
    { id: string; status: string; version: number; parent_awaits: boolean; depth: number }[]
  >`SELECT id, status, version, parent_awaits, depth FROM workflow_runs WHERE parent_run_id = ${parent} ORDER BY id`;

const firstChild = (parent: string) =>
  waitUntil(async () => (await childrenOf(parent))[0], { what: `run ${parent} has a child` });

async function expectHandOver(own: WorkerStack): Promise<void> {
  const { org, sql } = own;
  const first = await own.startWorker();
  await org.publish(named('dozes', [{ nap: { wait: { hours: 1 } } }]));
  const lingers = { for: { in: '[range(40)]' }, do: [{ nap: { wait: { milliseconds: 200 } } }] };
  const branches = [runs('dozes'), { lingers }];
  const parent = await own.begin(await org.publish(named('lingers', [{ f: { fork: { branches } } }])));
  const children = () => sql<{ id: string; status: string }[]>`
    SELECT id, status FROM workflow_runs WHERE parent_run_id = ${parent}`;
  const child = await waitUntil(async () => (await children())[0], { what: 'the child is there' });
  await org.reached(child.id, 'waiting');
  const startedAt = performance.now();
  expect(await first.stop()).toMatchObject({ code: 0 });
  expect(performance.now() - startedAt, 'within SHUTDOWN_GRACE_MS').toBeLessThan(8000);
  expect(await own.row(parent)).toMatchObject({ status: 'queued', attempt_count: 1, resuming: true });
  await own.startWorker();
  expect(await org.reached(parent, 'waiting')).toMatchObject({ attemptCount: 1 });
  expect((await children()).map(({ status }) => status)).toEqual(['waiting']);
  await org.cancel(parent);
  expect(await own.allEnded([parent, child.id])).toEqual(['cancelled', 'cancelled']);
}

describe('a run of another workflow', () => {
  it('gives its output to the parent, whose slot is free meanwhile', async () => {
    const { org } = stack;
    await org.publish(named('double', [{ twice: { set: { result: '${ .n * 2 }' } } }]));
    const id = await org.publish(
      named('caller', [
        runs('double', { input: { n: '${ .n }' } }),
        { sum: { set: { sum: '${ .result + 1 }' } } },
      ]),
    );
    // More parents than slots: each must give its slot back for the children to run at all.
    const parents = await Promise.all([1, 2, 3, 4].map((n) => stack.begin(id, { n })));
    expect(await stack.allEnded(parents)).toEqual(Array(4).fill('succeeded'));
    const outputs = await Promise.all(parents.map(async (run) => (await org.get(run)).body.run.output));
    expect(outputs).toEqual([{ sum: 3 }, { sum: 5 }, { sum: 7 }, { sum: 9 }]);
    const [child] = await childrenOf(parents[0] ?? '');
    expect(child).toMatchObject({ status: 'succeeded', depth: 1 });
    expect((await org.get(child?.id ?? '')).body.run).toMatchObject({
      trigger: 'workflow',
      parentRunId: parents[0],
    });
  });

  it('shows the parent as waiting for a child, with no time of its own', async () => {
    const { org } = stack;
    await org.publish(named('naps', [{ nap: { wait: { hours: 1 } } }]));
    const parent = await stack.begin(await org.publish(named('waits', [runs('naps')])));
    const run = await org.reached(parent, 'waiting');
    expect(run).toMatchObject({ nextAttemptAt: null, waitingFor: { reason: 'child' } });
    const { id } = await firstChild(parent);
    await org.reached(id, 'waiting');
    // Cancelling the child is an error of the parent's task, and wakes it.
    expect((await org.cancel(id)).status).toBe(202);
    expect(await org.ended(parent)).toMatchObject({
      status: 'failed',
      error: { status: 500, instance: '/do/0/child' },
    });
  });

  it('that fails fails the parent with the same error, without a retry of its own', async () => {
    const { org } = stack;
    const raise = { error: { type: 'https://example.com/broke', status: 503, title: 'Broke' } };
    await org.publish(named('fails', [{ r: { raise } }]));
    const parent = await stack.begin(await org.publish(named('suffers', [runs('fails')])));
    expect(await org.ended(parent)).toMatchObject({
      status: 'failed',
      attemptCount: 1,
      error: { ...raise.error, instance: '/do/0/child' },
    });
  });

  it('is cancelled with its parent, and so are its own children', async () => {
    const { org } = stack;
    await org.publish(named('hangs', [callStep(stack.effects.endpoint('hangs', { hang: true }))]));
    await org.publish(named('middle', [runs('hangs')]));
    const parent = await stack.begin(await org.publish(named('top', [runs('middle')])));
    const { id: middle } = await firstChild(parent);
    const { id: bottom } = await firstChild(middle);
    const call = await stack.effects.called(bottom, 'hangs');
    await org.cancel(parent);
    expect(await stack.allEnded([parent, middle, bottom])).toEqual(Array(3).fill('cancelled'));
    await waitUntil(() => call.abandonedAt, { what: 'the call is aborted' });
  });

  it('with await false goes on alone: the parent ends at once, and cancelling it changes nothing', async () => {
    const { org } = stack;
    await org.publish(named('alone', [{ nap: { wait: { seconds: 2 } } }, { done: { set: { done: true } } }]));
    const child = {
      run: { await: false, workflow: { namespace: 'family', name: 'alone', version: 'latest' } },
    };
    const parent = await stack.begin(await org.publish(named('leaves', [{ child }])), { mine: 1 });
    expect(await org.ended(parent)).toMatchObject({ status: 'succeeded', output: { mine: 1 } });
    const { id, parent_awaits: awaits } = await firstChild(parent);
    expect(awaits).toBe(false);
    expect(await org.ended(id)).toMatchObject({ status: 'succeeded', output: { done: true } });
  });

  it('is of the version asked for, else the newest that was published when the parent began', async () => {
    const { org } = stack;
    const text = (version: string) => named('versions', [{ v: { set: { version } } }], version);
    const workflowId = await org.publish(text('1.0.0'));
    const parents = [
      named('old', [runs('versions', {}, '1.0.0')]),
      named('new', [{ nap: { wait: { seconds: 2 } } }, runs('versions')]),
      named('none', [runs('versions', {}, '9.9.9')]),
    ];
    const [old, latest, none] = await Promise.all(
      parents.map(async (definition) => stack.begin(await org.publish(definition))),
    );
    await org.reached(latest ?? '', 'waiting');
    await org.call('PUT', `/v1/orgs/${org.orgId}/workflows/${workflowId}`, text('2.0.0'), {
      'content-type': 'application/yaml',
    });
    await org.call('POST', `/v1/orgs/${org.orgId}/workflows/${workflowId}/publish`);
    expect((await org.ended(old ?? '')).output).toEqual({ version: '1.0.0' });
    expect((await org.ended(latest ?? '')).output).toEqual({ version: '1.0.0' });
    const after = await stack.begin(await org.publish(named('after', [runs('versions')])));
    expect((await org.ended(after)).output).toEqual({ version: '2.0.0' });
    const { error } = await org.ended(none ?? '');
    expect(error).toMatchObject({ status: 400, instance: '/do/0/child' });
    expect(error?.detail).toContain('no version "9.9.9" of it is published');
  });

  it('that starts itself for ever is stopped by the depth', async () => {
    const { org } = stack;
    const parent = await stack.begin(await org.publish(named('ouroboros', [runs('ouroboros')])));
    const { error } = await org.ended(parent, 30_000);
    expect(error?.detail).toContain('runs start runs more than 10 deep');
  });

  it('of another org does not exist', async () => {
    const { org } = stack;
    await org.publish(named('private', [{ s: { set: { secret: true } } }]));
    const other = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const id = await other.publish(named('thief', [runs('private')]));
    const { body } = await other.start(id);
    expect((await other.ended(body.run.id)).error?.detail).toContain('no version of it is published');
  });

  it('in a branch that waits is cancelled when another branch fails', async () => {
    const { org } = stack;
    await org.publish(named('sleeps', [{ nap: { wait: { hours: 1 } } }]));
    const raise = { error: { type: 'https://example.com/broke', status: 418 } };
    const fails = { do: [{ nap: { wait: { seconds: 2 } } }, { r: { raise } }] };
    const branches = [runs('sleeps'), { fails }];
    const parent = await stack.begin(await org.publish(named('forks', [{ f: { fork: { branches } } }])));
    expect(await org.ended(parent)).toMatchObject({ status: 'failed', error: { status: 418 } });
    const { id } = await firstChild(parent);
    expect((await org.ended(id)).status).toBe('cancelled');
  });

  it('goes on, and no attempt is counted, when a parent that waits in place is handed over', async () => {
    const own = await openWorkerStack();
    try {
      await expectHandOver(own);
    } finally {
      await own.close();
    }
  });

  it('is cancelled when its parent ends by a limit of the service, outside of any task', async () => {
    const own = await openWorkerStack({ env: { MAX_RUN_STATE_BYTES: '20000' } });
    try {
      await own.startWorker();
      const { org } = own;
      const nap = { nap: { wait: { hours: 1 } } };
      await org.publish(named('sleeps', [nap]));
      const large = { large: { set: { text: '${ "x" * 50000 }' } } };
      const grows = { do: [{ breath: { wait: { seconds: 2 } } }, large, nap] };
      const branches = [runs('sleeps'), { grows }];
      const parent = await own.begin(await org.publish(named('outgrows', [{ f: { fork: { branches } } }])));
      expect((await org.ended(parent)).error?.detail).toContain('MAX_RUN_STATE_BYTES');
      const [child] = await own.sql<{ id: string }[]>`
        SELECT id FROM workflow_runs WHERE parent_run_id = ${parent}`;
      expect((await org.ended(child?.id ?? '')).status).toBe('cancelled');
    } finally {
      await own.close();
    }
  });

  it('whose worker is killed while it runs is started once and wakes the parent all the same', async () => {
    const { org } = stack;
    await org.publish(
      named('long', [
        callStep(stack.effects.endpoint('slow', { delayMs: 1500 })),
        { d: { set: { ok: true } } },
      ]),
    );
    const parent = await stack.begin(await org.publish(named('patient', [runs('long')])));
    const { id } = await firstChild(parent);
    await stack.effects.called(id, 'slow');
    worker.kill('SIGKILL');
    const next = await stack.startWorker({ WORKFLOW_QUEUE_CONCURRENCY: '2' });
    expect(await org.ended(parent, 30_000)).toMatchObject({ status: 'succeeded', output: { ok: true } });
    expect(await childrenOf(parent)).toHaveLength(1);
    await next.stop();
  });

  it('leaves every invariant standing', async () => {
    const { expectInvariants } = stack;
    await expectInvariants({ killed: true });
  });
});
