/** BullMQ alone: a worker whose jobs do nothing. It queues its jobs, drains them and tells how fast the last were. */
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const QUEUE_NAME = 'noop';
const BATCH = 1000;

export interface NoopCommand {
  redisUrl: string;
  concurrency: number;
  /** Jobs before those that are timed, while the process warms up. */
  warmUp: number;
  count: number;
}

/** @returns jobs a second over the last `count` */
async function drain({ redisUrl, concurrency, warmUp, count }: NoopCommand): Promise<number> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  for (let left = warmUp + count; left > 0; left -= BATCH) {
    await queue.addBulk(
      Array.from({ length: Math.min(BATCH, left) }, (_, index) => ({
        name: 'run',
        data: { index },
        opts: { removeOnComplete: true },
      })),
    );
  }
  let done = 0;
  let startedAtMs = 0;
  let worker: Worker | undefined;
  const tookMs = await new Promise<number>((resolve) => {
    worker = new Worker(QUEUE_NAME, async () => {}, {
      connection: new Redis(redisUrl, { maxRetriesPerRequest: null }),
      concurrency,
    });
    worker.on('completed', () => {
      done += 1;
      if (done === warmUp) startedAtMs = performance.now();
      if (done === warmUp + count) resolve(performance.now() - startedAtMs);
    });
  });
  await worker?.close();
  await queue.close();
  redis.disconnect();
  return count / (tookMs / 1000);
}

process.on('message', (command: NoopCommand) => {
  drain(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
