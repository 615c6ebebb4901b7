import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRedisServer, startRedis } from '../../scripts/stack/redis.ts';
import { removePostgres, startPostgres, type RunningPostgres } from '../../scripts/stack/postgres.ts';
import { processBegan, waitForEnd } from '../../scripts/stack/process-record.ts';
import { runCommand, type RunResult } from '../../scripts/stack/run-command.ts';
import { createTestDatabase, makeTestDir, startTestRedis, waitUntil } from '../support/stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const RUN_TIMEOUT_MS = 90_000;
const SETTINGS = { fsync: 'off' };
let dir: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(() => {
  dir = makeTestDir('stack');
  // So that Postgres' own user reaches it when the tests run as root.
  chmodSync(dir, 0o755);
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  removePostgres(join(dir, 'postgres'));
  rmSync(dir, { recursive: true, force: true });
});

async function openPostgres(): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir: join(dir, 'postgres'), settings: SETTINGS });
  closers.push(() => server.stop());
  return server;
}
async function query(url: string, text: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

describe('the embedded Postgres', () => {
  test('what was committed is there after kill -9 and another start; encoding and locale are as promised', async () => {
    const first = await openPostgres();
    await query(first.url, 'CREATE TABLE kept (value int); INSERT INTO kept VALUES (7)');
    process.kill(first.pid, 'SIGKILL');
    await first.service.ended;
    const second = await openPostgres();
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    const described = await query(
      second.url,
      `SELECT pg_encoding_to_char(encoding) AS encoding, datlocale FROM pg_database WHERE datname = 'vespid'`,
    );
    expect(described).toEqual([{ encoding: 'UTF8', datlocale: 'C.UTF-8' }]);
  });

  test('a server that a killed run left running is stopped, and its data is taken over', async () => {
    const first = await openPostgres();
    await query(first.url, 'CREATE TABLE kept (value int)');
    const second = await openPostgres();
    expect(await waitForEnd(first.pid, 0)).toBe(true);
    expect(await query(second.url, 'SELECT * FROM kept')).toEqual([]);
  });

  test('a lock file whose process id another process has by now keeps nobody from starting', async () => {
    const first = await openPostgres();
    const lock = join(dir, 'postgres', 'data', 'postmaster.pid');
    const text = readFileSync(lock, 'utf8');
    await first.stop();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    closers.push(async () => void other.kill('SIGKILL'));
    writeFileSync(lock, text.replace(/^\d+/, String(other.pid)));
    await expect(openPostgres()).resolves.toBeDefined();
  });

  test('a data folder that was left half-made is made again', async () => {
    mkdirSync(join(dir, 'postgres', 'data.part-1', 'data', 'base'), { recursive: true });
    const server = await openPostgres();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(dir, 'postgres', 'data.part-1'))).toBe(false);
  });

  test('it works in a project folder that is closed to other users, like /root', async () => {
    chmodSync(dir, 0o700);
    const server = await openPostgres();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('the private Redis', () => {
  test('two at once have ports of their own, and one that keeps its data has it after kill -9', async () => {
    const kept = await startTestRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } });
    const other = await startTestRedis();
    closers.push(
      () => kept.stop(),
      () => other.stop(),
    );
    expect(kept.port).not.toBe(other.port);
    const client = new Redis(kept.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    await client.connect();
    await client.set('key', 'value');
    await kept.kill('SIGKILL');
    await kept.restart();
    const again = new Redis(kept.url);
    closers.push(async () => again.disconnect());
    expect(await again.get('key')).toBe('value');
    client.disconnect();
  });

  test('one that a killed run left running is stopped', async () => {
    const { command } = await findRedisServer(() => {});
    const first = await startRedis({ command, dir });
    const second = await startRedis({ command, dir });
    closers.push(() => second.stop());
    expect(await waitForEnd(first.pid, 0)).toBe(true);
  });

  test('a setting that it refuses ends the start with its own words', async () => {
    const failure = startTestRedis({ settings: { maxmemory: 'plenty' } });
    await expect(failure).rejects.toThrow(/Redis did not start[^]*maxmemory/);
  });
});

test('every test database is migrated and empty, and none sees the others', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  closers.push(
    () => one.drop(),
    () => two.drop(),
  );
  await query(one.url, `INSERT INTO orgs (id, name) VALUES (gen_random_uuid(), 'a')`);
  expect(await query(two.url, 'SELECT * FROM orgs')).toEqual([]);
});

interface DevFile {
  baseUrl: string;
  pids: Record<string, number>;
}

describe('npm start and npm run demo', () => {
  const start = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> =>
    runCommand(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts/start.ts'), ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, VESPID_DATA_DIR: dir, PORT: '0', ...env },
      timeoutMs: RUN_TIMEOUT_MS,
    });
  const readDevFile = (): DevFile => JSON.parse(readFileSync(join(dir, 'dev.json'), 'utf8')) as DevFile;
  const living = (pids: Record<string, number>): string[] =>
    Object.entries(pids)
      .filter(([, pid]) => processBegan(pid) !== null)
      .map(([name]) => name);

  test(
    'the demo runs an example to its end, prints its timeline, exits 0 and leaves nothing running',
    async () => {
      const { code, output } = await start(['--demo']);
      expect(output).toMatch(/examples\/hello\.yaml: succeeded/);
      expect(output).toMatch(/run_succeeded/);
      expect(code).toBe(0);
      const file = readDevFile();
      expect(Object.keys(file)).toEqual([
        'baseUrl',
        'orgId',
        'apiKey',
        'adminToken',
        'databaseUrl',
        'redisUrl',
        'pids',
      ]);
      expect(Object.keys(file.pids)).toEqual(['api', 'worker', 'postgres', 'redis']);
      expect(statSync(join(dir, 'dev.json')).mode & 0o777).toBe(0o600);
      expect(living(file.pids)).toEqual([]);
    },
    RUN_TIMEOUT_MS,
  );

  test(
    'a stack that is killed with -9 takes its API and worker along, and the next start works on its data',
    async () => {
      const first = start([]);
      await waitUntil(() => existsSync(join(dir, 'dev.json')), {
        what: 'dev.json',
        timeoutMs: RUN_TIMEOUT_MS,
      });
      const { pids } = readDevFile();
      const { pid } = JSON.parse(readFileSync(join(dir, 'lock'), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGKILL');
      await first;
      const second = await start(['--demo']);
      expect(second).toMatchObject({ code: 0 });
      expect(living(pids)).toEqual([]);
    },
    2 * RUN_TIMEOUT_MS,
  );

  test(
    'SIGTERM stops everything and exits 0',
    async () => {
      const result = start([]);
      await waitUntil(() => existsSync(join(dir, 'dev.json')), {
        what: 'dev.json',
        timeoutMs: RUN_TIMEOUT_MS,
      });
      const { pids, baseUrl } = readDevFile();
      expect((await fetch(`${baseUrl}/health/ready`)).status).toBe(200);
      const { pid } = JSON.parse(readFileSync(join(dir, 'lock'), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGTERM');
      expect(await result).toMatchObject({ code: 0 });
      expect(living(pids)).toEqual([]);
    },
    RUN_TIMEOUT_MS,
  );

  test('a taken port is said before anything is started, with what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    closers.push(async () => void server.close());
    await waitUntil(() => server.listening, { what: 'the server' });
    const { port } = server.address() as AddressInfo;
    const { code, output } = await start([], { PORT: String(port) });
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(output).toContain('PORT=0 npm start');
    expect(existsSync(join(dir, 'postgres'))).toBe(false);
  });
});
