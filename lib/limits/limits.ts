/** The limits of orgs in an API process. They come with the API key of each request, so none costs a query of its own. */
import type { Database } from '../db/failure.ts';
import type { OrgLimits } from '../db/limits.ts';
import { ApiError } from '../errors.ts';
import type { Producer } from '../queue/producer.ts';
import { openQueuedRuns } from './queued-runs.ts';
import { openRequestRate } from './request-rate.ts';

/** Beyond it the org that was seen first goes. */
const MAX_ORGS = 10_000;
/** Seconds after which there may be room for another run. */
const RETRY_QUEUE_SECONDS = 2;

export interface Limits {
  /** Counts a request. @throws {ApiError} RATE_LIMITED */
  countRequest(orgId: string, limits: OrgLimits): Promise<void>;
  /**
   * How many of `wanted` runs the org may queue now: all, where it has no limit.
   * @throws what a database throws that is not available
   */
  takeQueued(orgId: string, wanted: number): Promise<number>;
  /** What the others are refused with. */
  quotaExceeded(orgId: string): ApiError;
}

export interface LimitsOptions extends Database {
  queue: Pick<Producer, 'redis' | 'state'>;
  queueName: string;
}

export function openLimits({ sql, config, queue, queueName }: LimitsOptions): Limits {
  const rate = openRequestRate({
    redis: queue.redis,
    queueName,
    isUp: () => queue.state().kind === 'up',
  });
  const queued = openQueuedRuns({ sql, config });
  /** Of orgs whose queued runs are limited, as of their last request. */
  const maxQueued = new Map<string, number>();

  function remember(orgId: string, max: number | null): void {
    maxQueued.delete(orgId);
    if (max === null) return;
    maxQueued.set(orgId, max);
    const oldest = maxQueued.keys().next();
    if (maxQueued.size > MAX_ORGS && !oldest.done) maxQueued.delete(oldest.value);
  }

  return {
    async countRequest(orgId, limits) {
      remember(orgId, limits.maxRunsQueued);
      const perMinute = limits.maxRequestsPerMinute;
      if (perMinute === null) return;
      const waitMs = await rate.take(orgId, perMinute);
      if (waitMs === 0) return;
      throw new ApiError('RATE_LIMITED', `The org may send ${perMinute} requests a minute.`, {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
        extra: { maxRequestsPerMinute: perMinute },
      });
    },
    async takeQueued(orgId, wanted) {
      const max = maxQueued.get(orgId);
      return max === undefined ? wanted : queued.take(orgId, max, wanted);
    },
    quotaExceeded(orgId) {
      const max = maxQueued.get(orgId) ?? null;
      const detail = `The org may have ${String(max)} queued runs. The run was not created; send the request again when some have started.`;
      return new ApiError('QUOTA_EXCEEDED', detail, {
        retryAfterSeconds: RETRY_QUEUE_SECONDS,
        extra: { maxRunsQueued: max },
      });
    },
  };
}
