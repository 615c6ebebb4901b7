import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBatcher, type BatchOptions } from '../../lib/batch.ts';

interface Sent {
  items: readonly number[];
  answer(): void;
  fail(error: Error): void;
}

function gather(options: Partial<BatchOptions<number, string>> = {}) {
  const sent: Sent[] = [];
  const batcher = createBatcher<number, string>({
    send: (items) =>
      new Promise((resolve, reject) =>
        sent.push({ items, answer: () => resolve(items.map(String)), fail: reject }),
      ),
    maxItems: 3,
    maxInFlight: 1,
    maxWaitMs: 60_000,
    late: () => new Error('late'),
    isolates: (error) => error instanceof RangeError,
    ...options,
  });
  return { sent, batcher };
}

test('a lone item is sent in the same turn, alone', async () => {
  const { sent, batcher } = gather();
  const result = batcher.add(1);
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[1]]);
  sent[0]?.answer();
  expect(await result).toBe('1');
});

test('what comes while a batch is in flight is the next one, at most so many at a time, in order', async () => {
  const { sent, batcher } = gather();
  const results = [batcher.add(1)];
  await turn();
  results.push(...[2, 3, 4, 5].map((item) => batcher.add(item)));
  await turn();
  expect(sent).toHaveLength(1);
  for (let index = 0; index < 3; index += 1) {
    sent[index]?.answer();
    await turn();
    await turn();
  }
  expect(sent.map(({ items }) => items)).toEqual([[1], [2, 3, 4], [5]]);
  expect(await Promise.all(results)).toEqual(['1', '2', '3', '4', '5']);
});

test('two batches may be under way, and no third', async () => {
  const { sent, batcher } = gather({ maxInFlight: 2, maxItems: 1 });
  const results = [1, 2, 3].map((item) => batcher.add(item));
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[1], [2]]);
  sent[1]?.answer();
  await turn();
  await turn();
  expect(sent).toHaveLength(3);
  for (const { answer } of sent) answer();
  expect(await Promise.all(results)).toEqual(['1', '2', '3']);
});

test('a batch ends before it has more bytes than it may; a larger item goes alone', async () => {
  const { sent, batcher } = gather({ maxBytes: 10, sizeOf: (item) => item, maxInFlight: 9 });
  const results = [6, 4, 1, 50, 2].map((item) => batcher.add(item));
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[6, 4], [1], [50], [2]]);
  for (const { answer } of sent) answer();
  await Promise.all(results);
});

test('after a failure to isolate each is tried alone, and only the bad one fails', async () => {
  const { sent, batcher } = gather();
  const results = Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
  await turn();
  sent[0]?.fail(new RangeError('one is bad'));
  await turn();
  expect(sent.slice(1).map(({ items }) => items)).toEqual([[1], [2], [3]]);
  sent[1]?.answer();
  sent[2]?.fail(new RangeError('bad'));
  sent[3]?.answer();
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(sent).toHaveLength(4);
});

test('any other failure is that of all, and nothing is sent again', async () => {
  const { sent, batcher } = gather();
  const results = Promise.allSettled([1, 2].map((item) => batcher.add(item)));
  await turn();
  sent[0]?.fail(new Error('away'));
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = batcher.add(3);
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[1, 2], [3]]);
  sent[1]?.answer();
  await next;
});

test('what cannot be sent in time is rejected, and not sent when there is room again', async () => {
  const { sent, batcher } = gather({ maxWaitMs: 20 });
  const first = batcher.add(1);
  await turn();
  await expect(batcher.add(2)).rejects.toThrow('late');
  sent[0]?.answer();
  await first;
  const third = batcher.add(3);
  await turn();
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[1], [3]]);
  sent[1]?.answer();
  await third;
});

test('what a busy process is late to send is rejected, and does not go with what came after it', async () => {
  const { sent, batcher } = gather({ maxWaitMs: 20 });
  const first = batcher.add(1);
  for (const busyUntil = performance.now() + 30; performance.now() < busyUntil;);
  const second = batcher.add(2);
  await expect(first).rejects.toThrow('late');
  expect(sent.map(({ items }) => items)).toEqual([[2]]);
  sent[0]?.answer();
  expect(await second).toBe('2');
});

test('an answer with too few results fails the batch', async () => {
  const { batcher } = gather({ send: async () => [] });
  await expect(batcher.add(1)).rejects.toThrow('another number of results');
});
