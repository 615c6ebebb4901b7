/**
 * `npm test [-- <vitest arguments>]`: the whole test suite on a Postgres and a Redis of its own. The last line is
 * `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { ensureBuilt } from './stack/build.ts';
import { openLifetime, type Lifetime } from './stack/lifetime.ts';
import { startPostgres } from './stack/postgres.ts';
import { findRedisServer, startRedis } from './stack/redis.ts';
import { complain, say, step } from './stack/say.ts';
import { readSettings } from './stack/settings.ts';
import { makeTestFolder, removeTestFolder } from './stack/test-folder.ts';
import { closingLine, countTests, exitCodeOf } from './stack/test-report.ts';

const ROOT = join(import.meta.dirname, '..');
/** For a throw-away database: nothing is written for a crash to find. */
const FAST_POSTGRES = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
};

async function startServices(dir: string, lifetime: Lifetime): Promise<Record<string, string>> {
  const { signal } = lifetime;
  const settings = readSettings(process.env);
  const tell = (line: string): void => {
    say(`  ${line}`);
  };
  const run = randomBytes(4).toString('hex');
  let databaseUrl = settings.databaseUrl;
  if (databaseUrl === undefined) {
    const options = { dataDir: join(dir, 'postgres'), settings: FAST_POSTGRES, log: tell, signal };
    const database = await step('starting Postgres', () => startPostgres(options));
    lifetime.own(database.service);
    databaseUrl = database.url;
  } else {
    const url = databaseUrl;
    lifetime.onClose('test databases', () => dropDatabases(url, run));
  }
  const toolsDir = join(ROOT, '.vespid');
  const { command } = await step('finding a Redis', () => findRedisServer(tell, { toolsDir, signal }));
  let redisUrl = settings.redisUrl;
  if (redisUrl === undefined) {
    const redis = await step('starting Redis', () =>
      startRedis({ command, dir: join(dir, 'redis'), signal }),
    );
    lifetime.own(redis.service);
    redisUrl = redis.url;
  }
  return {
    VESPID_TEST_DATABASE_URL: databaseUrl,
    VESPID_TEST_REDIS_URL: redisUrl,
    VESPID_TEST_REDIS_SERVER: command,
    VESPID_TEST_DIR: dir,
    VESPID_TEST_RUN: run,
  };
}

/** On a database server that is not ours: takes away what the run has made there. */
async function dropDatabases(url: string, run: string): Promise<void> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  try {
    const rows = await sql<{ datname: string }[]>`
      SELECT datname FROM pg_database WHERE starts_with(datname, ${`vespid_test_${run}`})`;
    for (const { datname } of rows) await sql.unsafe(`DROP DATABASE "${datname}" WITH (FORCE)`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Runs vitest to its end, also after a signal: it is told, and takes its workers with it. */
function runVitest(env: Record<string, string>, report: string, signal: AbortSignal): Promise<number | null> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [vitest, 'run', ...reporters, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code);
    });
  });
}

async function work(lifetime: Lifetime): Promise<() => number> {
  const { signal } = lifetime;
  const dir = await makeTestFolder(join(ROOT, '.vespid'));
  lifetime.onClose('test folder', () => removeTestFolder(dir));
  await step('building', () => ensureBuilt(ROOT, signal));
  const env = await startServices(dir, lifetime);
  signal.throwIfAborted();
  const report = join(dir, 'report.json');
  const code = await runVitest(env, report, signal);
  signal.throwIfAborted();
  const counts = countTests(report, code);
  if (code !== 0) complain(`vitest ended with ${code === null ? 'a signal' : `exit code ${code}`}`);
  if (counts.passed + counts.failed === 0) complain('No test ran.');
  return () => {
    say(closingLine(counts));
    return exitCodeOf(counts, code);
  };
}

async function main(): Promise<number> {
  const lifetime = openLifetime();
  let conclude: () => number;
  try {
    conclude = await work(lifetime);
  } catch (error) {
    if (!lifetime.signal.aborted) complain(error instanceof Error ? error.message : String(error));
    conclude = () => 1;
  }
  const clean = await lifetime.close();
  const code = conclude();
  return clean ? code : 1;
}

process.exit(await main());
