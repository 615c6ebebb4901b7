/** Whether the queue takes writes right now, known before anybody asks. */
import type { Redis } from 'ioredis';
import { queueFailureReason, type QueueFailureReason } from './failure.ts';
import type { keys } from './connection.ts';

export type QueueState =
  /** The first connection is still being made. */
  { kind: 'connecting' } | { kind: 'up' } | { kind: 'down'; reason: QueueFailureReason };

const PROBE_EVERY_MS = 500;
/** A probe unanswered for so long means that the queue is down. */
const PROBE_TIMEOUT_MS = 1000;

export interface Availability {
  state(): QueueState;
  /** A command failed on the spot: no need to wait for the next probe. */
  reportFailure(reason: QueueFailureReason): void;
  /** Resolves when the first connection was made or has failed, at the latest after `timeoutMs`. */
  settled(timeoutMs: number): Promise<void>;
  stop(): void;
}

/** Failures that concern the connection or the whole server, not one command. */
const GLOBAL: ReadonlySet<QueueFailureReason> = new Set([
  'connection',
  'loading',
  'read_only',
  'persistence_failed',
  'authentication',
]);

/** @throws what Redis or the connection said of the first command that failed */
async function writeProbe(redis: Redis, names: ReturnType<typeof keys>, maxLenEvents: number): Promise<void> {
  const results = await redis
    .pipeline()
    .set(names.probe, Date.now(), 'PX', 60_000)
    // Not HSETNX: a script that comes first after a FLUSHALL writes BullMQ's own default of 10,000.
    .hset(names.meta, 'opts.maxLenEvents', maxLenEvents)
    .exec();
  const failed = results?.find(([error]) => error)?.[0];
  if (failed) throw failed;
}

/**
 * Probes with a small **write** every 500 ms: PING passes under OOM, READONLY and MISCONF. The same round trip
 * restores the queue's own settings (`maxLenEvents`) after a FLUSHALL.
 */
export function watchAvailability(
  redis: Redis,
  names: ReturnType<typeof keys>,
  maxLenEvents: number,
): Availability {
  let state: QueueState = { kind: 'connecting' };
  let probing = false;
  const waiters = new Set<() => void>();
  const set = (next: QueueState): void => {
    state = next;
    for (const wake of waiters) wake();
    waiters.clear();
  };
  const down = (reason: QueueFailureReason): void => set({ kind: 'down', reason });

  async function probe(): Promise<void> {
    if (probing || redis.status !== 'ready') return;
    probing = true;
    const timer = setTimeout(() => down('timeout'), PROBE_TIMEOUT_MS);
    try {
      await writeProbe(redis, names, maxLenEvents);
      set({ kind: 'up' });
    } catch (error) {
      down(queueFailureReason(error));
    } finally {
      clearTimeout(timer);
      probing = false;
    }
  }

  const onReady = (): void => void probe();
  const onClose = (): void => {
    if (state.kind !== 'down') down('connection');
  };
  const onError = (error: Error): void => down(queueFailureReason(error));
  redis.on('ready', onReady).on('close', onClose).on('error', onError);
  const interval = setInterval(() => void probe(), PROBE_EVERY_MS);
  interval.unref();
  void probe();

  return {
    state: () => state,
    reportFailure: (reason) => {
      if (GLOBAL.has(reason)) down(reason);
    },
    async settled(timeoutMs) {
      if (state.kind !== 'connecting') return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        waiters.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
    stop() {
      clearInterval(interval);
      redis.off('ready', onReady).off('close', onClose).off('error', onError);
    },
  };
}
