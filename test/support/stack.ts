/** Databases and Redis servers for tests, on the services that `npm test` has started. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { migrate } from '../../scripts/migrate.ts';
import { startRedis, type RunningRedis, type StartRedisOptions } from '../../scripts/stack/redis.ts';

const POLL_MS = 20;
const DEFAULT_TIMEOUT_MS = 10_000;

function fromNpmTest(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`This test needs services. Run: npm test -- <file> (${name} is not set)`);
  return value;
}

/** The shared Redis. A test that needs keys of its own takes a queue name or a prefix of its own. */
export const testRedisUrl = (): string => fromNpmTest('VESPID_TEST_REDIS_URL');

/** A folder of the run's own, removed at its end with all that still runs there. */
export function makeTestDir(name: string): string {
  return mkdtempSync(join(fromNpmTest('VESPID_TEST_DIR'), `${name}-`));
}

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Makes an empty, migrated database: a copy of a template that the first caller of the run makes. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = fromNpmTest('VESPID_TEST_DATABASE_URL');
  const prefix = `vespid_test_${fromNpmTest('VESPID_TEST_RUN')}`;
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, async (sql) => {
    const template = await ensureTemplate(sql, adminUrl, `${prefix}_template`);
    await sql.unsafe(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  });
  return {
    url: urlOf(adminUrl, name),
    drop: () =>
      asAdmin(adminUrl, async (sql) => void (await sql.unsafe(`DROP DATABASE "${name}" WITH (FORCE)`))),
  };
}

/** The template counts once it has its name, which it gets after the last migration. */
async function ensureTemplate(sql: postgres.Sql, adminUrl: string, template: string): Promise<string> {
  const exists = async (): Promise<boolean> =>
    (await sql`SELECT 1 FROM pg_database WHERE datname = ${template}`).length > 0;
  if (await exists()) return template;
  const part = `${template}_part`;
  await sql`SELECT pg_advisory_lock(hashtext(${template}))`;
  try {
    if (await exists()) return template;
    await sql.unsafe(`DROP DATABASE IF EXISTS "${part}" WITH (FORCE)`);
    await sql.unsafe(`CREATE DATABASE "${part}" ENCODING 'UTF8' TEMPLATE template0`);
    await migrate(urlOf(adminUrl, part));
    await sql.unsafe(`ALTER DATABASE "${part}" RENAME TO "${template}"`);
  } finally {
    await sql`SELECT pg_advisory_unlock(hashtext(${template}))`;
  }
  return template;
}

async function asAdmin<T>(url: string, action: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  try {
    return await action(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}

export interface TestRedis {
  url: string;
  port: number;
  readonly pid: number;
  /** Sends a signal, for example SIGKILL, SIGSTOP or SIGCONT; after one that ends it, waits for its end. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port, after a kill or a stop; data that it kept on disk is there again. */
  restart(): Promise<void>;
  /** Ends it, also when it is stopped, and removes its folder. */
  stop(): Promise<void>;
}

export type TestRedisOptions = Pick<StartRedisOptions, 'port' | 'password' | 'settings' | 'args'>;

/** Starts a Redis for one test alone, to be killed, stopped and filled. */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const command = fromNpmTest('VESPID_TEST_REDIS_SERVER');
  const dir = makeTestDir('redis');
  let running: RunningRedis = await startRedis({ ...options, command, dir });
  const { url, port } = running;
  const end = async (): Promise<void> => {
    // SIGTERM waits for SIGCONT in a stopped process; SIGKILL does not.
    if (running.service.isRunning()) running.process.kill('SIGKILL');
    await running.stop();
  };
  return {
    url,
    port,
    get pid() {
      return running.pid;
    },
    kill: async (signal) => {
      running.process.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await running.service.ended;
    },
    restart: async () => {
      await end();
      running = await startRedis({ ...options, port, command, dir });
    },
    stop: async () => {
      await end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Polls until `condition` gives something other than false, null or undefined, and returns that.
 * @throws {Error} naming `what` when `timeoutMs` (10 s by default) pass first; with the last error as its cause.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  options: { what: string; timeoutMs?: number },
): Promise<Exclude<T, false | null | undefined>> {
  const { what, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      // Narrowed by the comparison, which TypeScript does not follow through a generic.
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause });
    await sleep(POLL_MS);
  }
}
