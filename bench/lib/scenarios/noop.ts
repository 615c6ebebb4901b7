/** BullMQ's own limit on this machine. */
import { CONCURRENCY, type Bench } from '../bench.ts';
import { startChild } from '../child.ts';
import type { NoopCommand } from '../noop-worker.ts';

/** Jobs a second that a worker of the same concurrency drains when they do nothing. */
export async function drainNoop({ bundles, services, sizes }: Bench): Promise<number> {
  const child = startChild(bundles.noopWorker);
  const command: NoopCommand = {
    redisUrl: services.redisUrl,
    concurrency: CONCURRENCY,
    warmUp: sizes.warmUp,
    count: sizes.drain,
  };
  try {
    return await child.ask<number>(command);
  } finally {
    child.stop();
  }
}
