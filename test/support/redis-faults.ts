/** Ways in which a real Redis fails a queue, each with its end. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { QueueFailureReason } from '../../lib/queue/failure.ts';
import { waitUntil, type TestRedis, type TestRedisOptions } from './stack.ts';
import type { TcpProxy } from './tcp-proxy.ts';

export interface RedisFault {
  name: string;
  /** What the API may give as `reason` while it lasts. */
  reasons: QueueFailureReason[];
  /** Resolves when Redis fails. */
  begin(): Promise<void>;
  /** Resolves when Redis is well again. */
  end(): Promise<void>;
}

/** Runs commands on a connection of its own. */
export async function onRedis<T>(url: string, action: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  // The command that fails says it as well.
  redis.on('error', () => {});
  try {
    return await action(redis);
  } finally {
    redis.disconnect();
  }
}

const configure = (url: string, ...settings: [string, string][]): Promise<void> =>
  onRedis(url, async (redis) => {
    for (const [name, value] of settings) await redis.config('SET', name, value);
  });

/** Killed (SIGKILL): connections are refused, and all data is lost. */
export const killed = (redis: TestRedis): RedisFault => ({
  name: 'killed',
  reasons: ['connection', 'timeout'],
  begin: () => redis.kill('SIGKILL'),
  end: () => redis.restart(),
});

/** Stopped (SIGSTOP): connections stand and new ones are made, nothing is answered; what was sent arrives later. */
export const paused = (redis: TestRedis): RedisFault => ({
  name: 'paused (SIGSTOP)',
  reasons: ['timeout', 'connection'],
  begin: () => redis.kill('SIGSTOP'),
  end: () => redis.kill('SIGCONT'),
});

/** Ended (SIGTERM) and started again at once. */
export const restarted = (redis: TestRedis): RedisFault => ({
  name: 'restarted',
  reasons: ['connection', 'timeout', 'loading'],
  begin: async () => {
    await redis.kill('SIGTERM');
    await redis.restart();
  },
  end: async () => {},
});

/** `maxmemory` reached with `noeviction`: reads and PING pass, writes are refused. */
export const full = (redis: TestRedis): RedisFault => ({
  name: 'full (OOM)',
  reasons: ['out_of_memory'],
  begin: () => configure(redis.url, ['maxmemory-policy', 'noeviction'], ['maxmemory', '1']),
  end: () => configure(redis.url, ['maxmemory', '0']),
});

/** Full and not full in turns, a few milliseconds each: writes fail while the queue counts as up. */
export function flickering(redis: TestRedis): RedisFault {
  let over = false;
  let turns: Promise<void> = Promise.resolve();
  const takeTurns = (): Promise<void> =>
    onRedis(redis.url, async (client) => {
      for (let turn = 0; !over; turn += 1) {
        await client.config('SET', 'maxmemory', turn % 2 === 0 ? '1' : '0');
        await sleep(2 + (turn % 7) * 4);
      }
      await client.config('SET', 'maxmemory', '0');
    });
  return {
    name: 'full in turns',
    reasons: ['out_of_memory'],
    begin: async () => {
      await configure(redis.url, ['maxmemory-policy', 'noeviction']);
      turns = takeTurns();
    },
    end: async () => {
      over = true;
      await turns;
    },
  };
}

/** Made a replica of a master that is not there: reads and PING pass, writes are refused. */
export const readOnly = (redis: TestRedis): RedisFault => ({
  name: 'READONLY',
  reasons: ['read_only'],
  begin: () => onRedis(redis.url, async (client) => void (await client.replicaof('127.0.0.1', 1))),
  end: () => onRedis(redis.url, async (client) => void (await client.replicaof('NO', 'ONE'))),
});

/** Its snapshots fail and `stop-writes-on-bgsave-error` is set: writes are refused. */
export function unwritableDisk(redis: TestRedis): RedisFault {
  const snapshot = (expected: 'ok' | 'err'): Promise<unknown> =>
    onRedis(redis.url, async (client) => {
      await client.bgsave();
      const state = new RegExp(`rdb_last_bgsave_status:${expected}`);
      return waitUntil(async () => state.test(await client.info('persistence')), {
        what: `BGSAVE is ${expected}`,
      });
    });
  /** In the way of the snapshot: a file cannot be renamed onto a folder, not even by root. */
  const obstacle = (): Promise<string> =>
    onRedis(redis.url, async (client) => {
      const [, dir = ''] = await client.config('GET', 'dir');
      return join(dir, 'dump.rdb');
    });
  return {
    name: 'MISCONF',
    reasons: ['persistence_failed'],
    begin: async () => {
      mkdirSync(await obstacle());
      await configure(redis.url, ['save', '3600 1000000'], ['stop-writes-on-bgsave-error', 'yes']);
      await snapshot('err');
    },
    end: async () => {
      rmdirSync(await obstacle());
      await snapshot('ok');
      await configure(redis.url, ['save', '']);
    },
  };
}

const FILLER = 'filler';

/** Settings of a Redis that takes its time over each key it loads. */
export const SLOW_LOADING: TestRedisOptions['settings'] = {
  'key-load-delay': '1000',
  'loading-process-events-interval-bytes': '1024',
};

/** Killed after a snapshot and started again with much to load: every command is answered with LOADING. */
export function loading(redis: TestRedis, seconds: number): RedisFault {
  let restarting: Promise<void> = Promise.resolve();
  return {
    name: 'LOADING',
    reasons: ['loading', 'connection', 'timeout'],
    begin: async () => {
      const fill = `for i = 1, ARGV[1] do redis.call('SET', '${FILLER}:' .. i, string.rep('x', 2000)) end`;
      await onRedis(redis.url, async (client) => {
        await client.eval(fill, 0, seconds * 1000);
        await client.save();
      });
      await redis.kill('SIGKILL');
      restarting = redis.restart();
      // Awaited at the end; a failure must not go unhandled until then.
      restarting.catch(() => {});
    },
    end: () => restarting,
  };
}

/** The password is changed and every connection broken off. */
export function passwordChanged(redis: TestRedis): RedisFault {
  const withPassword = redis.url.replace('redis://', 'redis://:changed@');
  return {
    name: 'password changed',
    reasons: ['authentication', 'connection'],
    begin: () =>
      onRedis(redis.url, async (client) => {
        await client.config('SET', 'requirepass', 'changed');
        await client.call('CLIENT', 'KILL', 'TYPE', 'normal');
      }),
    end: () => configure(withPassword, ['requirepass', '']),
  };
}

/** Between the API and Redis every packet is dropped, and nothing is closed; what was sent arrives later. */
export const unreachable = (proxy: TcpProxy): RedisFault => ({
  name: 'unreachable',
  reasons: ['timeout', 'connection'],
  begin: async () => {
    proxy.hold('both');
  },
  end: async () => {
    proxy.release();
  },
});

/** Every key is deleted while the API and the worker go on. */
export const flushed = (redis: TestRedis): RedisFault => ({
  name: 'FLUSHALL',
  reasons: [],
  begin: () => onRedis(redis.url, async (client) => void (await client.flushall())),
  end: async () => {},
});
