/** Tells who watches runs that their rows have changed: a hint, never the truth (lib/live). */
import type { Redis, Result } from 'ioredis';
import { createBatcher } from '../batch.ts';
import { keys } from './connection.ts';

declare module 'ioredis' {
  // Parameters must be named as in ioredis' own declaration.
  interface RedisCommander<Context> {
    vespidHint(channel: string, ...runIds: string[]): Result<null, Context>;
  }
}

/** A message each, in one command. KEYS[1]: the channel; ARGV: the runs. */
const HINT = `for i = 1, #ARGV do redis.call('PUBLISH', KEYS[1], ARGV[i]) end`;

const MAX_RUNS = 200;
/** Who watches asks by itself after so long. */
const MAX_WAIT_MS = 1000;

/** @param redis a fail-fast connection; its script is defined here */
export function openHints(redis: Redis, queueName: string): (runId: string) => void {
  redis.defineCommand('vespidHint', { numberOfKeys: 1, lua: HINT });
  const { hints } = keys(queueName);
  const batcher = createBatcher<string, undefined>({
    async send(runIds) {
      await redis.vespidHint(hints, ...runIds);
      return runIds.map(() => undefined);
    },
    maxItems: MAX_RUNS,
    maxInFlight: 1,
    maxWaitMs: MAX_WAIT_MS,
    late: () => new Error('nobody was told in time'),
    isolates: () => false,
  });
  return (runId) => void batcher.add(runId).catch(() => {});
}
