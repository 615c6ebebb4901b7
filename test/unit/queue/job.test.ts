import { describe, expect, it } from 'vitest';
import { queueFailureReason } from '../../../lib/queue/failure.ts';
import { jobId, parsePayload, toPayload, toQueuePriority } from '../../../lib/queue/job.ts';

const RUN_ID = '01920000-0000-7000-8000-000000000001';
const ORG_ID = '01920000-0000-7000-8000-000000000002';
const job = { runId: RUN_ID, orgId: ORG_ID, generation: 7, priority: 5, delayMs: 0 };

describe('the job', () => {
  it('carries ids only and stays under 300 bytes', () => {
    const payload = toPayload({ ...job, generation: 2 ** 31 - 1 });
    expect(JSON.stringify(payload).length).toBeLessThan(300);
    expect(parsePayload(JSON.parse(JSON.stringify(payload)))).toEqual({ ok: true, payload });
  });

  it('has an id of its own per generation, without the colon that BullMQ refuses', () => {
    expect(jobId(RUN_ID, 0)).not.toBe(jobId(RUN_ID, 1));
    expect(jobId(RUN_ID, 0)).not.toContain(':');
  });

  it('is never of priority 0, which BullMQ would serve before all others', () => {
    const priorities = [9, 5, 0].map(toQueuePriority);
    expect(priorities).toEqual([1, 5, 10]);
  });

  it.each([
    null,
    'x',
    {},
    { f: 1 },
    { ...toPayload(job), runId: '1; drop' },
    { ...toPayload(job), generation: -1 },
  ])('calls %j malformed', (data) => {
    expect(parsePayload(data)).toEqual({ ok: false, problem: 'malformed' });
  });

  it('tells the format of another release from nonsense', () => {
    expect(parsePayload({ ...toPayload(job), f: 2 })).toEqual({ ok: false, problem: 'unknown_format' });
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
