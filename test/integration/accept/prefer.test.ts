/** Prefer: wait (RFC 7240) and the order in which runs of one org are taken. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Started, StartBody } from '../../support/client.ts';
import { orgClient } from '../../support/client.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack();
});
afterAll(async () => stack.close());

const start = (prefer: string, body?: StartBody): Promise<Answer<Started>> =>
  stack.org.start(stack.workflowId, body, { prefer });
/** A run that does not end while the test waits. */
const LATER = { startAt: '2100-01-01T00:00:00Z' };

describe('Prefer: wait=N', () => {
  it('answers as soon as the run has ended', async () => {
    const { status, headers, body, latencyMs } = await start('wait=20');
    expect(status).toBe(201);
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(body.run).toMatchObject({ status: 'succeeded', output: { echo: null } });
    expect(latencyMs).toBeLessThan(5000);
  });

  it('answers 201 with the run as it is when the time is over', async () => {
    const { status, body, latencyMs } = await start('wait=1', LATER);
    expect({ status, run: body.run.status }).toEqual({ status: 201, run: 'queued' });
    expect(latencyMs).toBeGreaterThanOrEqual(990);
    expect(latencyMs).toBeLessThan(2500);
    await stack.org.cancel(body.run.id);
  });

  it('takes more than 60 seconds as 60', async () => {
    expect((await start('wait=600')).headers.get('preference-applied')).toBe('wait=60');
  });

  it.each(['respond-async, wait=2', 'wait="2"', 'WAIT = 2', 'wait=2; foo="bar"'])(
    'reads %s',
    async (prefer) => {
      expect((await start(prefer)).headers.get('preference-applied')).toBe('wait=2');
    },
  );

  it.each(['wait', 'wait=', 'wait=-1', 'wait=soon', 'waiting=3', 'handling=strict'])(
    'ignores %s',
    async (prefer) => {
      const { status, headers } = await start(prefer);
      expect({ status, applied: headers.get('preference-applied') }).toEqual({ status: 201, applied: null });
    },
  );

  it('answers at once with wait=0', async () => {
    const { headers, latencyMs, body } = await start('wait=0', LATER);
    expect(headers.get('preference-applied')).toBe('wait=0');
    expect(latencyMs).toBeLessThan(900);
    await stack.org.cancel(body.run.id);
  });

  it('sees the end of a run that another request cancels', async () => {
    const waiting = start('wait=20', { ...LATER, labels: { request: 'cancelled' } });
    for (;;) {
      const row = (await stack.rows()).find(({ label }) => label === 'cancelled');
      if (row !== undefined) {
        await stack.org.cancel(row.id);
        break;
      }
    }
    const { status, body, latencyMs } = await waiting;
    expect({ status, run: body.run.status }).toEqual({ status: 201, run: 'cancelled' });
    expect(latencyMs).toBeLessThan(5000);
  });

  it('is not waited out when the API is asked to stop: the accepted run is answered', async () => {
    const api = await stack.startApi();
    const org = orgClient(api.baseUrl, stack.org.orgId, stack.org.apiKey);
    const waiting = org.start(
      stack.workflowId,
      { ...LATER, labels: { request: 'stopped' } },
      { prefer: 'wait=50' },
    );
    await api.waitForLog(({ event }) => event === 'workflow_run_enqueued', { what: 'the run is accepted' });
    const end = await api.stop();
    const { status, body } = await waiting;
    expect({ status, run: body.run.status, code: end.code }).toEqual({ status: 201, run: 'queued', code: 0 });
    await stack.org.cancel(body.run.id);
  });
});

describe('priority', () => {
  it('9 first, 5 when nothing is said, and within one priority in the order of acceptance', async () => {
    await stack.settled();
    await stack.worker?.stop();
    const priorities = [0, 5, 9, 1, undefined, 9, 4, 8, 0, 2];
    const accepted: { id: string; priority: number }[] = [];
    for (const priority of priorities) {
      const { body } = await stack.org.start(stack.workflowId, priority === undefined ? {} : { priority });
      accepted.push({ id: body.run.id, priority: priority ?? 5 });
    }
    const worker = await stack.startWorker({ WORKFLOW_QUEUE_CONCURRENCY: '1' });
    await stack.settled();
    const started = worker.logs.flatMap(({ event, runId }) =>
      event === 'workflow_run_started' ? [runId] : [],
    );
    const expected = accepted.toSorted((left, right) => right.priority - left.priority).map(({ id }) => id);
    expect(started).toEqual(expected);
    await worker.stop();
  });
});
