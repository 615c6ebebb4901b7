/** Repeating runs, from the start and from where they failed (contract, sections 1 and 3). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../lib/db/runs/row.ts';
import { createOrg, type Answer, type Started } from '../../support/client.ts';
import { callStep, gathered, workflow, type Task } from '../../support/effects.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { killed, paused } from '../../support/redis-faults.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;

beforeAll(async () => {
  stack = await openWorkerStack();
  await stack.startWorker();
});
afterAll(async () => stack.close());

const rerun = (
  run: string,
  body: unknown,
  headers: Record<string, string> = {},
  org = stack.org,
): Promise<Answer<Started>> => org.call('POST', `/v1/orgs/${org.orgId}/runs/${run}/rerun`, body, headers);

/** Publishes another version of a workflow. */
async function publishAgain(id: string, definition: string): Promise<void> {
  const { org } = stack;
  const path = `/v1/orgs/${org.orgId}/workflows/${id}`;
  const replaced = await org.call('PUT', path, definition, { 'content-type': 'application/yaml' });
  expect(replaced.status).toBe(200);
  expect((await org.call('POST', `${path}/publish`)).status).toBe(200);
}

async function ended(run: string): Promise<Run> {
  await stack.allEnded([run]);
  return (await stack.org.get(run)).body.run;
}

/** The rerun was accepted, and how it ended. */
async function rerunEnds(run: string, body: unknown): Promise<Run> {
  const answer = await rerun(run, body);
  expect(answer).toMatchObject({ status: 201, body: { run: { rerunOf: run, trigger: 'rerun' } } });
  return ended(answer.body.run.id);
}

const first = (): Task => callStep(stack.effects.endpoint('first'));
const bad = (status: number, name = 'bad', more = {}): Task =>
  callStep(stack.effects.endpoint(name, { status, ...more }));
const last = (): Task => callStep(stack.effects.endpoint('last'));

const partsOf = async (run: string): Promise<number> => {
  const [row] = await stack.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM workflow_run_progress WHERE run_id = ${run}`;
  return row?.count ?? 0;
};

/** A workflow that fails at `bad` in version 1, and does not in version 2; a run of version 1 that has failed. */
async function failedRun(versionTwo: () => Task[] = () => [first(), bad(200), last(), gathered]) {
  const id = await stack.org.publish(workflow(first(), bad(400), last(), gathered));
  const run = await stack.begin(id, { n: 1 });
  expect(await ended(run)).toMatchObject({ status: 'failed', attemptCount: 1 });
  await publishAgain(id, workflow(...versionTwo()));
  return { id, run };
}

describe('from the start', () => {
  it('is a new run with the same input, labels and version, linked to the old one', async () => {
    const { org, workflowId } = stack;
    const labels = { team: 'a' };
    const { body } = await org.start(workflowId, { input: { x: 1 }, labels });
    await ended(body.run.id);
    const answer = await rerun(body.run.id, { from: 'start' }, { prefer: 'wait=10' });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        run: {
          status: 'succeeded',
          version: 1,
          trigger: 'rerun',
          rerunOf: body.run.id,
          labels,
          input: { x: 1 },
          output: { echo: { x: 1 } },
        },
      },
    });
    expect(answer.body.run.id).not.toBe(body.run.id);
    expect(answer.headers.get('location')).toBe(
      `/v1/orgs/${org.orgId}/workflows/${workflowId}/runs/${answer.body.run.id}`,
    );
    const lines = () => stack.events('workflow_run_enqueued', answer.body.run.id);
    // The line may come after the answer.
    await waitUntil(() => lines()[0], { what: 'the line' });
    expect(lines()).toHaveLength(1);
  });

  it('of a failed run does everything again, in the version that is asked for', async () => {
    const { run } = await failedRun();
    expect(await rerunEnds(run, { from: 'start' })).toMatchObject({ status: 'failed', version: 1 });
    const again = await rerunEnds(run, { from: 'start', version: 2 });
    expect(again).toMatchObject({ status: 'succeeded', version: 2 });
    expect(stack.effects.counts(again.id)).toEqual({ first: 1, bad: 1, last: 1 });
  });

  it('of a cancelled run works too, and its input is checked by the version', async () => {
    const { org } = stack;
    const schema = { format: 'json', document: { type: 'object', required: ['n'] } };
    const text = workflow({ nap: { wait: { hours: 1 } } });
    const id = await org.publish(text);
    const run = await stack.begin(id, {});
    await org.cancel(run);
    const strict = { ...(JSON.parse(text) as object), input: { schema } };
    await publishAgain(id, JSON.stringify(strict));
    expect(await rerun(run, { from: 'start', version: 2 })).toMatchObject({
      status: 422,
      code: 'INPUT_INVALID',
    });
    const accepted = await rerun(run, { from: 'start' });
    expect(accepted).toMatchObject({ status: 201, body: { run: { version: 1 } } });
    await org.cancel(accepted.body.run.id);
  });
});

describe('from the failed task', () => {
  it('keeps what was recorded: nothing of it is called again', async () => {
    const { run } = await failedRun();
    const again = await rerunEnds(run, { from: 'failed', version: 2 });
    expect(again).toMatchObject({
      status: 'succeeded',
      version: 2,
      attemptCount: 1,
      input: { n: 1 },
      output: { steps: ['first 1', 'bad 1', 'last 1'] },
    });
    expect(stack.effects.counts(again.id)).toEqual({ bad: 1, last: 1 });
    expect(stack.effects.counts(run)).toEqual({ first: 1, bad: 1 });
  });

  it('fails again in the same version, from where it failed, and so on', async () => {
    const { run } = await failedRun();
    const again = await rerunEnds(run, { from: 'failed' });
    expect(again).toMatchObject({ status: 'failed', version: 1 });
    expect(stack.effects.counts(again.id)).toEqual({ bad: 1 });
    const third = await rerunEnds(again.id, { from: 'failed', version: 2 });
    expect(third).toMatchObject({ status: 'succeeded', rerunOf: again.id });
    expect(stack.effects.counts(third.id)).toEqual({ bad: 1, last: 1 });
  });

  it('goes on where tasks have come before it, and where attempts had been spent', async () => {
    const id = await stack.org.publish(workflow(first(), bad(503), gathered));
    const run = await stack.begin(id);
    expect(await ended(run)).toMatchObject({ status: 'failed', attemptCount: 3 });
    await publishAgain(id, workflow({ new: { set: '${ . }' } }, first(), bad(200), gathered));
    const again = await rerunEnds(run, { from: 'failed', version: 2 });
    expect(again).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    expect(stack.effects.counts(again.id)).toEqual({ bad: 1 });
  });

  it('of a large state keeps the parts: branches of a fork that had ended are not run again', async () => {
    const COUNT = 20;
    const big = '${ [range(2000)] }';
    const forkOf = (status: number): string => {
      const branches = Array.from({ length: COUNT }, (_item, index) => ({
        [`branch${index}`]: {
          do: [callStep(stack.effects.endpoint(`call${index}`)), { big: { set: { big } } }],
        },
      }));
      const slow = { slow: { do: [bad(status, 'slow', { delayMs: 500 })] } };
      const all = { fork: { branches: [...branches, slow] } };
      return workflow({ all }, { sizes: { set: { sizes: '${ [.[:-1][] | .big | length] }' } } });
    };
    const id = await stack.org.publish(forkOf(400));
    const run = await stack.begin(id);
    expect(await ended(run)).toMatchObject({ status: 'failed' });
    expect(Object.keys(stack.effects.counts(run))).toHaveLength(COUNT + 1);
    expect(await partsOf(run)).toBeGreaterThan(COUNT);
    await publishAgain(id, forkOf(200));
    const again = await rerunEnds(run, { from: 'failed', version: 2 });
    expect(again).toMatchObject({ status: 'succeeded', output: { sizes: Array(COUNT).fill(2000) } });
    expect(stack.effects.counts(again.id)).toEqual({ slow: 1 });
    expect(await partsOf(again.id)).toBe(0);
  });
});

describe('is refused, and nothing is created', () => {
  const INVALID_STATE = { status: 409, code: 'INVALID_STATE' };

  it('while the run has not ended, and from the failed task of one that has not failed', async () => {
    const { org, workflowId } = stack;
    const startAt = new Date(Date.now() + 3_600_000).toISOString();
    const run = (await org.start(workflowId, { startAt })).body.run.id;
    expect(await rerun(run, { from: 'start' })).toMatchObject({
      ...INVALID_STATE,
      body: { detail: expect.stringContaining('The run is queued: only one that has ended') },
    });
    await org.cancel(run);
    expect(await rerun(run, { from: 'failed' })).toMatchObject({
      ...INVALID_STATE,
      body: { detail: expect.stringContaining('The run was cancelled: only a failed one') },
    });
  });

  it('where the version does not fit, saying where and why', async () => {
    const { run } = await failedRun(() => [first(), { good: { set: { x: 1 } } }]);
    expect(await rerun(run, { from: 'failed', version: 2 })).toMatchObject({
      ...INVALID_STATE,
      body: {
        detail:
          'Version 2 does not fit what version 1 has recorded: /do/1/bad is no longer in its list. Repeat it with `"from": "start"`.',
      },
    });
  });

  it('in a version that there is not, and with a body that is not valid', async () => {
    const { run } = await failedRun();
    for (const from of ['start', 'failed']) {
      expect(await rerun(run, { from, version: 9 })).toMatchObject({
        status: 422,
        code: 'VALIDATION_FAILED',
        body: { errors: [{ path: '/version' }] },
      });
    }
    for (const body of [{}, { from: 'end' }, { from: 'start', version: 0 }, { from: 'start', input: 1 }]) {
      expect(await rerun(run, body)).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    }
  });

  it("of another org's run: it is not found", async () => {
    const { run } = await failedRun();
    const stranger = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    expect(await rerun(run, { from: 'start' }, {}, stranger)).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
  });
});

it('the same Idempotency-Key answers with the first rerun again, and refuses another body', async () => {
  const { run } = await failedRun();
  const headers = { 'idempotency-key': 'rerun-1' };
  const [one, two] = [
    await rerun(run, { from: 'failed', version: 2 }, headers),
    await rerun(run, { from: 'failed', version: 2 }, headers),
  ];
  expect([one.status, two.status]).toEqual([201, 201]);
  expect(two.body.run.id).toBe(one.body.run.id);
  expect(two.headers.get('idempotency-replayed')).toBe('true');
  expect(await rerun(run, { from: 'start' }, headers)).toMatchObject({
    status: 409,
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  await ended(one.body.run.id);
  expect(stack.effects.counts(one.body.run.id)).toEqual({ bad: 1, last: 1 });
});

describe('a run whose worker died in the last attempt', () => {
  it('keeps no progress when what it has recorded cannot be read: a rerun would begin from the start', async () => {
    const { org, sql } = stack;
    const run = await stack.begin(await org.publish(workflow({ nap: { wait: { hours: 1 } } })));
    await org.reached(run, 'waiting');
    const unreadable = JSON.stringify({ format: 2, next: 2, root: { at: 0, 'data@': 1 } });
    await sql`UPDATE workflow_runs SET status = 'running', claimed_by = gen_random_uuid(), resuming = false,
        max_attempts = attempt_count, next_attempt_at = NULL, progress = ${unreadable}::text::json, format = 2
      WHERE id = ${run}`;
    expect(await ended(run)).toMatchObject({ status: 'failed', attemptCount: 1 });
    expect(await rerun(run, { from: 'failed' })).toMatchObject({ status: 409, code: 'INVALID_STATE' });
  });
});

// Last: what is in Redis is lost.
it.each([
  ['is known to be down', killed],
  ['does not answer', paused],
] as const)('503 while Redis %s: no row and no recorded progress is left', async (_what, fail) => {
  const { org, sql } = stack;
  const big = { big: { set: { big: '${ [range(3000)] }' }, export: { as: '.' } } };
  const run = await stack.begin(await org.publish(workflow(big, bad(400))));
  await ended(run);
  const fault = fail(stack.redis);
  const count = async () => {
    const [row] = await sql<{ runs: number; parts: number }[]>`
      SELECT (SELECT count(*) FROM workflow_runs)::int AS runs,
        (SELECT count(*) FROM workflow_run_progress)::int AS parts`;
    return row;
  };
  const before = await count();
  expect(before?.parts).toBeGreaterThan(0);
  await fault.begin();
  try {
    expect(await rerun(run, { from: 'failed' })).toMatchObject({ status: 503, code: 'QUEUE_UNAVAILABLE' });
    expect(await count()).toEqual(before);
  } finally {
    await fault.end();
  }
  const accepted = await waitUntil(
    async () => {
      const answer = await rerun(run, { from: 'failed' });
      return answer.status === 201 ? answer.body.run.id : null;
    },
    { what: 'reruns are accepted again' },
  );
  expect(await ended(accepted)).toMatchObject({ status: 'failed', rerunOf: run });
});

afterAll(async () => stack.expectInvariants());
