/** What only a real worker shows of the language: aborted calls, parked branches, secrets that are masked, schemas. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callStep } from '../../support/effects.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;

beforeAll(async () => {
  stack = await openWorkerStack();
  await stack.startWorker();
});
afterAll(async () => stack.close());

const definition = (members: Record<string, unknown>): string =>
  JSON.stringify({
    document: { dsl: '1.0.3', namespace: 'test', name: 'language', version: '1.0.0' },
    ...members,
  });

const call = (endpoint: string, more: Record<string, unknown> = {}) => ({
  call: 'http',
  with: { method: 'post', endpoint, ...more },
});

async function run(members: Record<string, unknown>, input?: unknown) {
  const id = await stack.begin(await stack.org.publish(definition(members)), input);
  return { id, run: await stack.org.ended(id, 20_000) };
}

describe('a fork', () => {
  it('that competes aborts the calls of the losers', async () => {
    const { effects } = stack;
    const slow = call(effects.endpoint('loser', { hang: true }));
    const quick = call(effects.endpoint('winner'));
    const { id, run: ended } = await run({
      do: [{ race: { fork: { compete: true, branches: [{ slow }, { quick }] } } }],
    });
    expect(ended).toMatchObject({ status: 'succeeded', output: { step: 'winner' } });
    const lost = await effects.called(id, 'loser');
    await waitUntil(() => lost.abandonedAt, { what: 'the call of the loser is aborted' });
  });

  it('parks when all its branches wait, and calls each step once', async () => {
    const { effects } = stack;
    const branch = (name: string, seconds: number) => ({
      [name]: {
        do: [
          callStep(effects.endpoint(`before-${name}`)),
          { w: { wait: { seconds } } },
          callStep(effects.endpoint(`after-${name}`)),
        ],
      },
    });
    const { id, run: ended } = await run({
      do: [{ f: { fork: { branches: [branch('a', 3), branch('b', 2)] } } }],
    });
    expect(ended).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    expect(effects.counts(id)).toEqual({ 'before-a': 1, 'before-b': 1, 'after-a': 1, 'after-b': 1 });
    const { body } = await stack.org.events(id);
    expect(body.items.filter(({ type }) => type === 'run_waiting').length).toBeGreaterThan(0);
  });

  it('goes on in its branches after a worker that was killed', async () => {
    const own = await openWorkerStack();
    try {
      const worker = await own.startWorker();
      const branches = ['x', 'y'].map((name) => ({
        [name]: {
          do: [
            callStep(own.effects.endpoint(`first-${name}`)),
            callStep(own.effects.endpoint(`second-${name}`, { hang: true, times: 1 })),
          ],
        },
      }));
      const workflowId = await own.org.publish(definition({ do: [{ f: { fork: { branches } } }] }));
      const id = await own.begin(workflowId);
      await Promise.all(['x', 'y'].map((name) => own.effects.called(id, `second-${name}`)));
      worker.kill('SIGKILL');
      await own.startWorker();
      expect(await own.org.ended(id, 30_000)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
      // Recorded before the crash, so not called again; the step in flight is, with the same key.
      expect(own.effects.counts(id)).toEqual({ 'first-x': 1, 'first-y': 1, 'second-x': 2, 'second-y': 2 });
    } finally {
      await own.close();
    }
  });
});

describe('a timeout', () => {
  it('of a task aborts its call; of the workflow ends a run that waits', async () => {
    const { effects } = stack;
    const slow = {
      ...call(effects.endpoint('slow', { hang: true })),
      timeout: { after: { milliseconds: 300 } },
    };
    const caught = {
      try: [{ slow }],
      catch: { errors: { with: { status: 408 } }, do: [{ s: { set: { late: true } } }] },
    };
    const { id, run: ended } = await run({ do: [{ caught }] });
    expect(ended.output).toEqual({ late: true });
    const effect = await effects.called(id, 'slow');
    await waitUntil(() => effect.abandonedAt, { what: 'the call is aborted' });
    const { run: timedOut } = await run({
      timeout: { after: { seconds: 2 } },
      do: [{ w: { wait: { hours: 1 } } }],
    });
    expect(timedOut).toMatchObject({
      status: 'failed',
      attemptCount: 1,
      error: { status: 408, instance: '/' },
    });
  });
});

describe('secrets', () => {
  const SECRET = 'correct horse battery staple';

  it('reach the service and are masked in the timeline, the error and the logs', async () => {
    const { org, effects } = stack;
    const put = await org.call('PUT', `/v1/orgs/${org.orgId}/secrets/apiKey`, { value: { token: SECRET } });
    expect([200, 201]).toContain(put.status);
    const leak = {
      type: 'https://example.com/leak',
      status: 400,
      title: '${ "token " + $secrets.apiKey.token }',
    };
    const { id, run: ended } = await run({
      use: { secrets: ['apiKey'] },
      do: [
        { pay: call(effects.endpoint('pay'), { headers: { 'x-api-key': '${ $secrets.apiKey.token }' } }) },
        { oops: { raise: { error: { ...leak, detail: '${ $secrets.apiKey.token | @base64 }' } } } },
      ],
    });
    const effect = await effects.called(id, 'pay');
    expect(effect.headers['x-api-key']).toBe(SECRET);
    expect(ended).toMatchObject({ status: 'failed', error: { title: 'token ***', detail: '***' } });
    const { body } = await org.events(id);
    const told = JSON.stringify([body, ended, stack.processes.map(({ logs }) => logs)]);
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain(Buffer.from(SECRET).toString('base64'));
  });

  it('that the org does not have are an authorization error that names them', async () => {
    const { run: ended } = await run({
      use: { secrets: ['nope'] },
      do: [{ s: { set: { x: '${ $secrets.nope }' } } }],
    });
    expect(ended).toMatchObject({
      status: 'failed',
      attemptCount: 1,
      error: { status: 403, instance: '/do/0/s' },
    });
    expect(ended.error?.detail).toContain('"nope"');
  });

  it('authenticate a call', async () => {
    const { org, effects } = stack;
    const value = { username: 'ada', password: SECRET };
    await org.call('PUT', `/v1/orgs/${org.orgId}/secrets/login`, { value });
    const endpoint = { uri: effects.endpoint('protected'), authentication: { basic: { use: 'login' } } };
    const { id } = await run({
      use: { secrets: ['login'] },
      do: [{ c: { call: 'http', with: { method: 'get', endpoint } } }],
    });
    const effect = await effects.called(id, 'protected');
    expect(effect.headers.authorization).toBe(`Basic ${Buffer.from(`ada:${SECRET}`).toString('base64')}`);
  });
});

describe('schemas', () => {
  const schema = { document: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } };

  it('of tasks are checked at their stage, and a violation can be caught', async () => {
    const { run: ended } = await run(
      {
        do: [
          {
            t: {
              try: [{ s: { input: { schema }, set: { x: 1 } } }],
              catch: { errors: { with: { status: 400 } }, do: [{ s: { set: '${ $error }' } }] },
            },
          },
        ],
      },
      {},
    );
    expect(ended.output).toMatchObject({ status: 400, instance: '/do/0/t/try/0/s' });
    expect(JSON.stringify(ended.output)).toContain('`n`');
  });

  it('of the output of a workflow fail the run at /output', async () => {
    const { run: ended } = await run({ output: { schema }, do: [{ s: { set: { n: 'text' } } }] });
    expect(ended).toMatchObject({ status: 'failed', error: { status: 400, instance: '/output' } });
  });

  it('of the input fail a run that another workflow started, at /input', async () => {
    const { org } = stack;
    const name = { dsl: '1.0.3', namespace: 'test', name: 'strict', version: '1.0.0' };
    await org.publish(
      JSON.stringify({ document: name, input: { schema }, do: [{ s: { set: { ok: true } } }] }),
    );
    const workflow = { namespace: 'test', name: 'strict', version: '1.0.0', input: { n: 'text' } };
    const { id, run: ended } = await run({ do: [{ c: { run: { workflow } } }] });
    expect(ended).toMatchObject({ status: 'failed', error: { status: 400, instance: '/do/0/c' } });
    const [child] = await stack.sql<{ instance: string }[]>`
      SELECT error ->> 'instance' AS instance FROM workflow_runs WHERE parent_run_id = ${id}`;
    expect(child?.instance).toBe('/input');
  });
});

describe('functions, extensions and loose mode', () => {
  it('work together in one definition', async () => {
    const { effects } = stack;
    const { id, run: ended } = await run({
      evaluate: { mode: 'loose' },
      use: {
        functions: { greet: { set: { text: '"Hello \\(.name)"', literal: 'not an expression!' } } },
        extensions: [{ audit: { extend: 'call', before: [{ log: call(effects.endpoint('audit')) }] } }],
      },
      do: [{ hi: { call: 'greet', with: { name: 'Ada' } } }],
    });
    expect(ended.output).toEqual({ text: 'Hello Ada', literal: 'not an expression!' });
    expect(effects.counts(id)).toEqual({ audit: 1 });
  });
});

it('leaves every invariant standing', async () => {
  const { expectInvariants } = stack;
  await expectInvariants();
});
