/**
 * Requests a minute of an org: a bucket of as many requests as the limit, refilled evenly (GCRA, ITU-T I.371), one for all
 * API processes in Redis. While Redis is away each process has a bucket of its own.
 */
import type { Redis, Result } from 'ioredis';
import { PREFIX } from '../queue/connection.ts';

declare module 'ioredis' {
  // The parameter must be named as in ioredis' own declaration.
  interface RedisCommander<Context> {
    vespidTakeRequest(key: string, intervalMs: number): Result<number, Context>;
  }
}

const MINUTE_MS = 60_000;
/** Redis is not waited for any longer, and not asked for the time after that. */
const ANSWER_MS = 100;
const DISTRUST_MS = 1000;
/** Of a process' own buckets; beyond it the oldest goes. */
const MAX_BUCKETS = 10_000;

/** What is kept is when the bucket will be full again. Answers how long to wait, ms; 0: the request is counted. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local full = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now) + tonumber(ARGV[1])
if full - now > ${MINUTE_MS} then return math.ceil(full - now - ${MINUTE_MS}) end
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.max(1, math.ceil(full - now)))
return 0
`;

export interface RequestRate {
  /**
   * Counts a request.
   * @param perMinute the org's limit, at least 1
   * @returns 0, or after how many milliseconds a request will be let through; this one is not counted then
   */
  take(orgId: string, perMinute: number): Promise<number>;
}

export interface RequestRateOptions {
  /** A fail-fast connection; the script is defined here. */
  redis: Redis;
  queueName: string;
  /** Whether Redis is known to answer. */
  isUp(): boolean;
  /** Milliseconds; only tests give their own. */
  now?: () => number;
}

/** The process' own buckets. */
function createBuckets(now: () => number) {
  const fullAt = new Map<string, number>();
  return (orgId: string, intervalMs: number): number => {
    const next = Math.max(fullAt.get(orgId) ?? 0, now()) + intervalMs;
    const waitMs = next - now() - MINUTE_MS;
    if (waitMs > 0) return Math.ceil(waitMs);
    fullAt.delete(orgId);
    fullAt.set(orgId, next);
    const oldest = fullAt.keys().next();
    if (fullAt.size > MAX_BUCKETS && !oldest.done) fullAt.delete(oldest.value);
    return 0;
  };
}

export function openRequestRate({
  redis,
  queueName,
  isUp,
  now = () => performance.now(),
}: RequestRateOptions): RequestRate {
  redis.defineCommand('vespidTakeRequest', { numberOfKeys: 1, lua: TAKE });
  const takeOwn = createBuckets(now);
  let distrustedUntilMs = 0;

  return {
    async take(orgId, perMinute) {
      const intervalMs = MINUTE_MS / perMinute;
      if (!isUp() || now() < distrustedUntilMs) return takeOwn(orgId, intervalMs);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ANSWER_MS, null)));
      const key = `${PREFIX}:${queueName}:vespid:rate:${orgId}`;
      const asked = redis.vespidTakeRequest(key, intervalMs).catch(() => null);
      const answer = await Promise.race([asked, late]);
      clearTimeout(timer);
      if (answer !== null) return answer;
      distrustedUntilMs = now() + DISTRUST_MS;
      return takeOwn(orgId, intervalMs);
    },
  };
}
