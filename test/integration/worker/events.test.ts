/** The structured events of contract section 5: their members, their counters, and what they never carry. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { LogLine, TestProcess, TestWorker } from '../../support/processes.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

/** Put into everything that an author or a caller may have secrets in. */
const MARKER = 'marker-that-no-log-may-hold';
let stack: WorkerStack;
let worker: TestWorker;

beforeAll(async () => {
  stack = await openWorkerStack();
  worker = await stack.startWorker({ LOG_LEVEL: 'debug' });
  await runEverything();
});
afterAll(async () => stack.close());

/** One run for each way to end, with the marker in input, headers, query, body, output and error. */
async function runEverything(): Promise<void> {
  const { effects, org } = stack;
  const secret = {
    headers: { 'x-secret': MARKER },
    query: { secret: MARKER },
    body: { secret: '${ .secret }' },
  };
  const failing = effects.endpoint('failing', { status: 503, times: 1 });
  const error = { type: 'https://example.com/errors/raised', status: 418, title: MARKER, detail: MARKER };
  const ids = await Promise.all(
    [
      workflow(callStep(failing, secret), { keep: { set: { secret: MARKER } } }),
      workflow(callStep(effects.endpoint('one'), secret), { raised: { raise: { error } } }),
      workflow(callStep(effects.endpoint('hanging', { hang: true }), secret)),
      workflow({ broken: { set: { value: `\${ "${MARKER}" | tonumber }` } } }),
      workflow({ nap: { wait: { milliseconds: 1100 } } }, gathered),
    ].map((definition) => org.publish(definition)),
  );
  const runs = await Promise.all(ids.map((id) => stack.begin(id, { secret: MARKER })));
  await effects.called(runs[2] ?? '', 'hanging');
  await org.cancel(runs[2] ?? '');
  await stack.allEnded(runs);
  await worker.waitForLog(({ event, runId }) => event === 'workflow_run_fenced' && runId === runs[2], {
    what: 'fenced',
  });
}

const counter = async (baseUrl: string, event: string): Promise<number> => {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  return Number(new RegExp(`^vespid_${event}_total (\\d+)$`, 'm').exec(text)?.[1]);
};

const lines = (process: TestProcess, event: string): LogLine[] =>
  process.logs.filter((line) => line.event === event);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const REF = {
  orgId: expect.stringMatching(UUID),
  workflowId: expect.stringMatching(UUID),
  runId: expect.stringMatching(UUID),
  version: 1,
};

describe('the events of a run', () => {
  it.each(['workflow_run_enqueued', 'workflow_run_cancelled'])(
    '%s is logged and counted by the API',
    async (event) => {
      const logged = lines(stack.api, event);
      expect(logged.length).toBeGreaterThan(0);
      for (const line of logged) expect(line).toMatchObject({ ...REF, service: 'api' });
      expect(await counter(stack.api.baseUrl, event)).toBe(logged.length);
    },
  );

  it.each([
    'workflow_run_started',
    'workflow_run_retried',
    'workflow_run_succeeded',
    'workflow_run_failed',
    'workflow_run_fenced',
  ])('%s is logged by the worker, with attempt and duration, and counted', async (event) => {
    const logged = lines(worker, event);
    expect(logged.length).toBeGreaterThan(0);
    for (const line of logged) {
      expect(line).toMatchObject({
        ...REF,
        service: 'worker',
        attemptCount: expect.any(Number),
        durationMs: expect.any(Number),
      });
    }
    const { port } = await worker.waitForLog((line) => line.event === 'worker_ready', { what: 'ready' });
    expect(await counter(`http://127.0.0.1:${String(port)}`, event)).toBe(logged.length);
  });

  it('carry of an error its type, status and instance only', () => {
    const errors = [...lines(worker, 'workflow_run_failed'), ...lines(worker, 'workflow_run_retried')].map(
      (line) => line['error'],
    );
    expect(errors.length).toBeGreaterThanOrEqual(3);
    for (const error of errors)
      expect(Object.keys(error ?? {}).sort()).toEqual(['instance', 'status', 'type']);
    for (const line of lines(worker, 'workflow_run_retried'))
      expect(line['nextAttemptAt']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('appear as often as what they tell of', async () => {
    const events = (name: string): number => stack.events(`workflow_run_${name}`).length;
    expect(events('enqueued')).toBe(5);
    // Five runs, one of which was tried twice; waking from a timer is no start.
    expect(events('started')).toBe(6);
    expect(events('retried')).toBe(1);
    expect(events('succeeded')).toBe(2);
    expect(events('failed')).toBe(2);
    expect(events('cancelled')).toBe(1);
    await stack.expectInvariants();
  });

  it('never carry an input, an output, a header or the words of an error; nor does any other line', () => {
    const logs = stack.processes.flatMap((process) => process.logs);
    expect(logs.length).toBeGreaterThan(20);
    expect(logs.filter((line) => JSON.stringify(line).includes(MARKER))).toEqual([]);
    // It was there to be told.
    expect(
      stack.effects.effects.every(
        ({ headers, body }) => headers['x-secret'] === MARKER && body.includes(MARKER),
      ),
    ).toBe(true);
  });
});

describe('the health of the worker', () => {
  it('is live and ready, under both names; what is not there is 404', async () => {
    const { port } = await worker.waitForLog((line) => line.event === 'worker_ready', { what: 'ready' });
    const status = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${String(port)}${path}`)).status;
    for (const path of ['/health/live', '/livez', '/health/ready', '/readyz', '/metrics'])
      expect(await status(path)).toBe(200);
    expect(await status('/elsewhere')).toBe(404);
  });
});
