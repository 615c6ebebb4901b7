/** Everything the suite breaks: a Postgres, a Redis, proxies before them, and the processes that work on them. */
import postgres from 'postgres';
import { migrate } from '../../../scripts/migrate.ts';
import { openEffects, type EffectService } from '../../support/effects.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { makeTestDir, startTestRedis, type TestRedis } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { openFleet, type Fleet } from './fleet.ts';
import { openPostgres, type FaultyPostgres } from './postgres.ts';

/** WORKFLOW_LEASE_MS of the workers. */
export const LEASE_MS = 2500;
/** SHUTDOWN_GRACE_MS of all processes. */
const GRACE_MS = 2000;
/** WORKFLOW_RETRY_BACKOFF_MS of the workers. */
export const BACKOFF_MS = 200;
/** WORKFLOW_RETRY_ATTEMPTS: workers die often here, and every death spends a try. */
const ATTEMPTS = 8;

const ENV = {
  WORKFLOW_LEASE_MS: String(LEASE_MS),
  SHUTDOWN_GRACE_MS: String(GRACE_MS),
  WORKFLOW_RETRY_BACKOFF_MS: String(BACKOFF_MS),
  WORKFLOW_RETRY_ATTEMPTS: String(ATTEMPTS),
  WORKFLOW_ENQUEUE_TIMEOUT_MS: '1000',
  VESPID_EGRESS_ALLOW: '127.0.0.1',
};

/** The connections of one kind of process to one service. */
export interface Link {
  role: 'api' | 'worker';
  proxy: TcpProxy;
}

export interface NemesisStack {
  postgres: FaultyPostgres;
  redis: TestRedis;
  /** Where Redis keeps its snapshot. */
  redisDir: string;
  toPostgres: Link[];
  toRedis: Link[];
  fleet: Fleet;
  effects: EffectService;
  /** Direct, for what the suite itself asks; fails while Postgres is away. */
  sql: postgres.Sql;
  close(): Promise<void>;
}

export interface StackOptions {
  apis: number;
  workers: number;
  /** Settings of all processes that differ from those of the suite. */
  env?: Record<string, string>;
}

async function openLinks(url: string): Promise<Link[]> {
  const roles = ['api', 'worker'] as const;
  return Promise.all(roles.map(async (role) => ({ role, proxy: await openTcpProxy(url) })));
}

/** Opens one thing after the other; what is open already is closed when one fails. */
export async function openStack(options: StackOptions): Promise<NemesisStack> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  const own = <T>(opened: T, closer: () => Promise<unknown>): T => {
    closers.push(closer);
    return opened;
  };
  try {
    const database = await openPostgres(makeTestDir('postgres'));
    own(database, () => database.stop());
    await migrate(database.url);
    const redis = await startTestRedis();
    own(redis, () => redis.stop());
    const redisDir = await onRedis(redis.url, async (client) => (await client.config('GET', 'dir'))[1] ?? '');
    const effects = await openEffects();
    own(effects, () => effects.close());
    const [toPostgres, toRedis] = [await openLinks(database.url), await openLinks(redis.url)];
    own(null, () => Promise.all([...toPostgres, ...toRedis].map(({ proxy }) => proxy.close())));
    const sql = postgres(database.url, {
      max: 2,
      fetch_types: false,
      connect_timeout: 5,
      onnotice: () => {},
    });
    own(sql, () => sql.end({ timeout: 1 }));
    const through = (links: readonly Link[], role: Link['role'], url: string): string =>
      links.find((link) => link.role === role)?.proxy.through(url) ?? url;
    const envOf = (role: Link['role']) => ({
      ...ENV,
      ...options.env,
      DATABASE_URL: through(toPostgres, role, database.url),
      REDIS_URL: through(toRedis, role, redis.url),
    });
    const graceMs = Number(options.env?.['SHUTDOWN_GRACE_MS'] ?? GRACE_MS);
    const fleet = await openFleet({
      apis: options.apis,
      workers: options.workers,
      apiEnv: envOf('api'),
      workerEnv: envOf('worker'),
      graceMs,
    });
    own(fleet, () => fleet.close());
    return { postgres: database, redis, redisDir, toPostgres, toRedis, fleet, effects, sql, close };
  } catch (error) {
    await close();
    throw error;
  }
}
