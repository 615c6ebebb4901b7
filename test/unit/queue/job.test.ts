import { describe, expect, it } from 'vitest';
import { queueFailureReason } from '../../../lib/queue/failure.ts';
import { jobId, parsePayload, toPayload, toQueuePriority } from '../../../lib/queue/job.ts';

const RUN_ID = '01920000-0000-7000-8000-000000000001';
const ORG_ID = '01920000-0000-7000-8000-000000000002';
const job = { runId: RUN_ID, orgId: ORG_ID, generation: 7, priority: 5, delayMs: 0, format: 1 };

describe('the job', () => {
  it('carries ids only and stays under 300 bytes', () => {
    const payload = toPayload({ ...job, generation: 2 ** 31 - 1 });
    expect(JSON.stringify(payload).length).toBeLessThan(300);
    expect(parsePayload(JSON.parse(JSON.stringify(payload)), 1)).toEqual({ ok: true, payload });
  });

  it('has an id of its own per generation, without the colon that BullMQ refuses', () => {
    expect(jobId(RUN_ID, 0)).not.toBe(jobId(RUN_ID, 1));
    expect(jobId(RUN_ID, 0)).not.toContain(':');
  });

  it('is never of priority 0, which BullMQ would serve before all others', () => {
    const priorities = [9, 5, 0].map((priority) => toQueuePriority({ priority, generation: 0 }));
    expect(priorities).toEqual([2, 10, 20]);
  });

  it('of a run that goes on comes before those of its priority, and after those of a higher one', () => {
    const of = (priority: number, generation: number): number => toQueuePriority({ priority, generation });
    expect(of(5, 3)).toBeLessThan(of(5, 0));
    expect(of(5, 3)).toBeGreaterThan(of(6, 0));
  });

  it.each([
    null,
    'x',
    {},
    { f: 1 },
    { ...toPayload(job), runId: '1; drop' },
    { ...toPayload(job), generation: -1 },
  ])('calls %j malformed', (data) => {
    expect(parsePayload(data, 2)).toEqual({ ok: false, problem: 'malformed' });
  });

  it('tells the format of another release from nonsense', () => {
    const of = (format: number) => parsePayload(toPayload({ ...job, format }), 2);
    expect([1, 2].map((format) => of(format).ok)).toEqual([true, true]);
    const unknown = { ok: false, problem: 'unknown_format' };
    expect([0, 3].map(of)).toEqual([unknown, unknown]);
  });

  it('of a newer format than the worker is to take is one of another release', () => {
    expect(parsePayload(toPayload({ ...job, format: 2 }), 1)).toEqual({
      ok: false,
      problem: 'unknown_format',
    });
  });
});

describe('the reason of a queue failure', () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'out_of_memory'],
    ["READONLY You can't write against a read only replica.", 'read_only'],
    ['MISCONF Redis is configured to save RDB snapshots, but', 'persistence_failed'],
    ['LOADING Redis is loading the dataset in memory', 'loading'],
    ['NOAUTH Authentication required.', 'authentication'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'authentication'],
    ['Command timed out', 'timeout'],
    ['the enqueue timed out', 'timeout'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'connection'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'connection'],
    ['ERR something new', 'rejected'],
  ])('%s', (message, reason) => {
    expect(queueFailureReason(new Error(message))).toBe(reason);
  });
});
