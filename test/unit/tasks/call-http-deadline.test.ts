import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { withDeadline } from '../../../lib/tasks/call-http-deadline.ts';

const untilAborted = (bounded: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(bounded.reason as Error);
    if (bounded.aborted) fail();
    else bounded.addEventListener('abort', fail);
  });

describe('a call with a deadline', () => {
  it('gives the result and leaves nothing on the signal of the run', async () => {
    const { signal } = new AbortController();
    expect(await withDeadline(signal, 10_000, () => Promise.resolve(7))).toBe(7);
    await expect(withDeadline(signal, 1, untilAborted)).rejects.toThrow('no answer within 1 ms');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('aborts with a TimeoutError when the time is over', async () => {
    const { signal } = new AbortController();
    await expect(withDeadline(signal, 1, untilAborted)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('aborts with the reason of the signal, also when it was aborted before', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const running = withDeadline(controller.signal, 10_000, untilAborted);
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(withDeadline(controller.signal, 10_000, untilAborted)).rejects.toBe(reason);
  });
});
