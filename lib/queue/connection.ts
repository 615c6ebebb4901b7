/** Connections to Redis that fail fast, and the names of our keys. */
import { Redis, type RedisOptions } from 'ioredis';

/** Without the one member whose type does not fit ioredis' own constructor. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/** Hash tag: all keys of one deployment live in one slot, so Redis Cluster works. */
export const PREFIX = '{vespid}';

/** Keys and channels outside BullMQ's own. */
export const keys = (queueName: string) => ({
  probe: `${PREFIX}:${queueName}:vespid:probe`,
  /** Gone or changed = Redis lost its data: a full reconciliation starts. */
  epoch: `${PREFIX}:${queueName}:vespid:epoch`,
  /** Pub/sub: ids of runs whose row has changed; a hint, never the truth. */
  hints: `${PREFIX}:${queueName}:vespid:hints`,
  /** Pub/sub: an event was stored; a hint, never the truth. */
  eventHints: `${PREFIX}:${queueName}:vespid:event-hints`,
  meta: `${PREFIX}:${queueName}:meta`,
  job: (id: string) => `${PREFIX}:${queueName}:${id}`,
});

/** Never longer than a second between two attempts to connect, so that recovery is quick. */
const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 1000);

/** An outage is known after so long at most (availability.ts): nobody begins to wait on the connection later. */
const DETECTION_MS = 1500;
/**
 * A peer that is silent for so long is dropped, so that a connection that died unnoticed is replaced well within
 * 5 s. Up to a deadline of 2 s that is after the last caller gave up: dropped any earlier, all who wait would
 * fail at one moment, and their removals and answers would hold up each other and everybody else.
 */
const MAX_SILENCE_MS = 3500;

/**
 * A connection on which no command waits longer than `timeoutMs`: nothing is queued while it is down, nothing
 * is sent again after a reconnect, and a peer that stopped answering is dropped.
 */
export function failFastOptions(timeoutMs: number, name: string): ConnectionOptions {
  return {
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: Math.min(timeoutMs, 2000),
    commandTimeout: timeoutMs,
    socketTimeout: Math.min(timeoutMs + DETECTION_MS, MAX_SILENCE_MS),
    disconnectTimeout: 500,
    // LOADING is answered to each command at once instead of being waited out.
    enableReadyCheck: false,
    protocol: 2,
    retryStrategy,
  };
}

/** Longer than BullMQ's longest blocking command, 10 s. */
const SILENCE_MS = 15_000;

/**
 * For BullMQ's workers and for subscribers: waits out an outage, reconnects within a second. A peer that owes an
 * answer and is silent is dropped: TCP alone would wait for a lost one for a quarter of an hour.
 */
export function patientOptions(name: string): ConnectionOptions {
  return {
    connectionName: name,
    maxRetriesPerRequest: null,
    connectTimeout: 2000,
    socketTimeout: SILENCE_MS,
    // After a failover the old node answers READONLY: the address is asked again, not that node.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    disconnectTimeout: 500,
    enableReadyCheck: true,
    maxLoadingRetryTime: 500,
    protocol: 2,
    retryStrategy,
  };
}

/** Opens a connection; its errors are reported to `onError` (without a listener ioredis prints them). */
export function openRedis(url: string, options: ConnectionOptions, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, options);
  redis.on('error', onError);
  return redis;
}
