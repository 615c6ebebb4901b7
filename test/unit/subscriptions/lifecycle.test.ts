import { describe, expect, it } from 'vitest';
import { readJsonEvent } from '../../../lib/events/envelope.ts';
import { toLifecycleEvent, type LifecycleEntry } from '../../../lib/subscriptions/lifecycle.ts';

const RUN = {
  runId: '01900000-0000-7000-8000-000000000001',
  orgId: '01900000-0000-7000-8000-000000000002',
  document: { namespace: 'shop', name: 'order', version: '1.2.0' },
};
const AT = '2026-05-01T10:00:00.000Z';
const NAME = `order-${RUN.runId}.shop`;
const PATH = `/v1/orgs/${RUN.orgId}/runs/${RUN.runId}`;
const ERROR = { type: 'about:blank', status: 503, title: 'down', instance: '/do/0/a' };
const TASK = { task: '/do/0/a', name: 'a', kind: 'call' };

const eventOf = (entry: Omit<LifecycleEntry, 'at'>) =>
  toLifecycleEvent(RUN, { type: '', at: AT, ...entry }, 7);

describe('a timeline entry as a lifecycle event', () => {
  it.each([
    [
      { type: 'run_started', attempt: 1 },
      'workflow.started',
      { name: NAME, definition: RUN.document, startedAt: AT },
    ],
    [{ type: 'run_suspended' }, 'workflow.suspended', { name: NAME, suspendedAt: AT }],
    [{ type: 'run_resumed' }, 'workflow.resumed', { name: NAME, resumedAt: AT }],
    [{ type: 'run_succeeded' }, 'workflow.completed', { name: NAME, completedAt: AT, outputUri: PATH }],
    [{ type: 'run_failed', error: ERROR }, 'workflow.faulted', { name: NAME, faultedAt: AT, error: ERROR }],
    [{ type: 'run_cancelled', by: 'a key' }, 'workflow.cancelled', { name: NAME, cancelledAt: AT }],
    [{ type: 'task_started', ...TASK }, 'task.started', { workflow: NAME, task: '/do/0/a', startedAt: AT }],
    [
      { type: 'task_completed', ...TASK, iteration: [2, 0] },
      'task.completed',
      { workflow: NAME, task: '/do/0/a', completedAt: AT, iteration: [2, 0] },
    ],
    [
      { type: 'task_faulted', ...TASK, error: ERROR },
      'task.faulted',
      { workflow: NAME, task: '/do/0/a', faultedAt: AT, error: ERROR },
    ],
    [
      { type: 'task_retried', ...TASK, attempt: 2, until: AT },
      'task.retried',
      { workflow: NAME, task: '/do/0/a', retriedAt: AT, attempt: 2 },
    ],
    [
      { type: 'task_cancelled', ...TASK },
      'task.cancelled',
      { workflow: NAME, task: '/do/0/a', cancelledAt: AT },
    ],
  ])('%j is %s', (entry, name, data) => {
    const event = eventOf(entry);
    expect(event).toEqual({
      specversion: '1.0',
      id: `${RUN.runId}/7`,
      source: PATH,
      type: `io.serverlessworkflow.${name}.v1`,
      subject: RUN.runId,
      time: AT,
      datacontenttype: 'application/json',
      data,
    });
    expect(readJsonEvent(event, '').ok).toBe(true);
  });

  it.each([
    { type: 'run_started', attempt: 2 },
    { type: 'run_waiting' },
    { type: 'run_retried', attempt: 1, error: ERROR },
    { type: 'run_handed_over', reason: 'shutdown' },
    { type: 'task_waiting', ...TASK },
    { type: 'constructor' },
  ])('%j is none', (entry) => {
    expect(eventOf(entry)).toBeNull();
  });
});
