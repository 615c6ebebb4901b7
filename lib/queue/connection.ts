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
  /** BullMQ's: a member for "a job is there", another one for when the next delayed one is due. */
  marker: `${PREFIX}:${queueName}:marker`,
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

/** Longer than any command that waits. */
const SILENCE_MS = 15_000;
/** A command that waits counts as unanswered so long after its time at the latest. */
const MAX_WAIT_MS = 10_000;

/**
 * For the worker's queue and for subscribers: waits out an outage, reconnects within a second. A peer that owes an
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

/** For commands that wait: one that was lost with its connection ends when its time is up. */
export const blockingOptions = (name: string): ConnectionOptions => ({
  ...patientOptions(name),
  blockingTimeout: MAX_WAIT_MS,
});

/**
 * ioredis writes every command to the socket by itself. Here those that one callback of the event loop gives rise to, the
 * promises that it settles included, are one write. Their order, timeouts and failures are the same.
 */
function gatherWrites(redis: Redis): void {
  let corked: Redis['stream'] | undefined;
  const send = redis.sendCommand.bind(redis);
  const flush = (): void => {
    corked?.uncork();
    corked = undefined;
  };
  redis.sendCommand = (command, stream) => {
    // A reconnect brings a new stream; the old one has nobody who waits for it.
    if (corked !== redis.stream && redis.status === 'ready') {
      // A tick of its own after the microtasks: no promise of this callback is left then.
      if (corked === undefined) queueMicrotask(() => process.nextTick(flush));
      corked = redis.stream;
      corked.cork();
    }
    return send(command, stream);
  };
}

/** Opens a connection; its errors are reported to `onError` (without a listener ioredis prints them). */
export function openRedis(url: string, options: ConnectionOptions, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, options);
  redis.on('error', onError);
  gatherWrites(redis);
  return redis;
}
