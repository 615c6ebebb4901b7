/** The Postgres and the Redis that all systems of a benchmark share, thrown away afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import type { Lifetime } from '../../scripts/stack/lifetime.ts';
import { removePostgres, startPostgres } from '../../scripts/stack/postgres.ts';
import { findRedisServer, startRedis } from '../../scripts/stack/redis.ts';
import { median } from './statistics.ts';

export interface Services {
  /** For logs, bundles and process records. */
  dataDir: string;
  postgresPid: number;
  redisPid: number;
  redisUrl: string;
  redis: Redis;
  /** Makes a database on the server. @returns its URL and a small pool */
  openDatabase(name: string): Promise<{ url: string; sql: postgres.Sql }>;
  versions: { postgres: string; redis: string };
  /** How long the commit of one row takes when nothing else is done, ms */
  commitMs: number;
}

const COMMITS = 60;

async function medianCommitMs(sql: postgres.Sql): Promise<number> {
  await sql`CREATE TABLE commits (at timestamptz)`;
  const tookMs: number[] = [];
  for (let index = 0; index < COMMITS; index += 1) {
    const startMs = performance.now();
    await sql`INSERT INTO commits VALUES (now())`;
    tookMs.push(performance.now() - startMs);
  }
  return median(tookMs);
}

/**
 * Starts Postgres as it comes (fsync and synchronous_commit on) and Redis without persistence.
 * @param flushMs added to each flush of the WAL (commit_delay): what a slower disk would take
 * @throws {Error} when Postgres would not write through
 */
export async function startServices(root: string, lifetime: Lifetime, flushMs = 0): Promise<Services> {
  const { signal } = lifetime;
  const dataDir = mkdtempSync(join(tmpdir(), 'vespid-bench-'));
  lifetime.onClose('data folder', () => {
    removePostgres(join(dataDir, 'postgres'));
    rmSync(dataDir, { recursive: true, force: true });
  });
  const server = await startPostgres({
    dataDir: join(dataDir, 'postgres'),
    logFile: join(dataDir, 'postgres.log'),
    settings: flushMs === 0 ? {} : { commit_delay: String(flushMs * 1000), commit_siblings: '0' },
    signal,
  });
  lifetime.own(server.service);
  const { command } = await findRedisServer(console.error, { toolsDir: join(root, '.vespid'), signal });
  const redisServer = await startRedis({ command, dir: join(dataDir, 'redis'), signal });
  lifetime.own(redisServer.service);
  const redis = new Redis(redisServer.url);
  const open = (url: string): postgres.Sql => {
    const sql = postgres(url, { max: 2, fetch_types: false, onnotice: () => {} });
    lifetime.onClose('connections', () => sql.end({ timeout: 1 }));
    return sql;
  };
  const admin = open(server.url);
  lifetime.onClose('Redis connection', () => redis.disconnect());
  const [state] = await admin<{ fsync: string; commit: string; version: string }[]>`
    SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
      current_setting('server_version') AS version`;
  if (state?.fsync !== 'on' || state.commit !== 'on') throw new Error('Postgres does not write through');
  const info = await redis.info('server');
  return {
    dataDir,
    postgresPid: server.pid,
    redisPid: redisServer.pid,
    redisUrl: redisServer.url,
    redis,
    async openDatabase(name) {
      await admin.unsafe(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
      const url = server.url.replace(/[^/]+$/, name);
      return { url, sql: open(url) };
    },
    commitMs: await medianCommitMs(admin),
    versions: { postgres: state.version, redis: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown' },
  };
}
