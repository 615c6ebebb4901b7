/** Brings a local stack up, from the build to a published set of examples. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '../migrate.ts';
import { ensureBuilt } from './build.ts';
import { takeDataFolder } from './data-folder.ts';
import { devClient, type DevClient } from './dev-client.ts';
import { startEchoService } from './echo-service.ts';
import type { Lifetime } from './lifetime.ts';
import { isPortFree } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { endLeftovers, startApi, startWorker } from './processes.ts';
import { findRedisServer, startRedis } from './redis.ts';
import { complain, say, step } from './say.ts';
import { keepSecretsKey } from './secrets-key.ts';
import type { StackSettings } from './settings.ts';

/** `.vespid/dev.json` (contract, section 7). A pid is null when the service is not of this stack. */
interface DevFile {
  baseUrl: string;
  orgId: string;
  apiKey: string;
  adminToken: string;
  databaseUrl: string;
  redisUrl: string;
  pids: { api: number; worker: number; postgres: number | null; redis: number | null };
}

export interface LocalStack {
  dev: DevFile;
  devFile: string;
  client: DevClient;
  /** Ids of the published examples by their file names. */
  workflows: Map<string, string>;
  echoUrl: string;
}

/**
 * Starts everything; what is started is handed to `lifetime`, so that it is stopped also after a failure.
 * @param root the project's folder.
 */
export async function bringUp(
  root: string,
  settings: StackSettings,
  lifetime: Lifetime,
): Promise<LocalStack> {
  const { signal } = lifetime;
  const base = join(root, '.vespid');
  const folder = takeDataFolder(base, settings.dataDir);
  lifetime.onClose('data folder', () => {
    folder.release();
  });
  const { dir } = folder;
  if (dir !== base && settings.dataDir === undefined)
    say(`Another stack runs here; this one works in ${dir}`);
  const devFile = join(dir, 'dev.json');
  rmSync(devFile, { force: true });
  mkdirSync(join(dir, 'logs'), { recursive: true });
  await step('stopping what a killed run left behind', () => endLeftovers(dir, settings));
  await checkPort(settings);
  await step('building', () => ensureBuilt(root, signal));
  const database = await bringPostgres(dir, settings, lifetime);
  const redis = await bringRedis(base, dir, settings, lifetime);
  await step('migrating the database', () => migrate(database.url));
  signal.throwIfAborted();
  const echo = await startEchoService();
  lifetime.onClose('echo service', () => echo.stop());
  const secretsKey = settings.secretsKey ?? keepSecretsKey(dir);
  const urls = { root, dir, settings, secretsKey, databaseUrl: database.url, redisUrl: redis.url };
  const worker = await startWorker(urls, signal);
  lifetime.own(worker.service);
  const api = await startApi(urls, signal);
  lifetime.own(api.service);
  await step('waiting for the API and the worker', () => Promise.all([api.ready(), worker.ready()]));
  const client = devClient(api.baseUrl, settings.adminToken, signal);
  const org = await client.createOrg('dev');
  const workflows = await step('publishing the examples', () => publishExamples(root, client, org));
  signal.throwIfAborted();
  const dev: DevFile = {
    baseUrl: api.baseUrl,
    ...org,
    adminToken: settings.adminToken,
    databaseUrl: database.url,
    redisUrl: redis.url,
    pids: { api: api.service.pid, worker: worker.service.pid, postgres: database.pid, redis: redis.pid },
  };
  writeDevFile(devFile, dev);
  return { dev, devFile, client, workflows, echoUrl: echo.url };
}

async function checkPort({ port, host }: StackSettings): Promise<void> {
  if (port === 0 || (await isPortFree(port, host))) return;
  throw new Error(
    `Port ${port} on ${host} is taken by another process. Choose another one, for example ` +
      `PORT=${port === 65_535 ? 8080 : port + 1} npm start, or any free one: PORT=0 npm start`,
  );
}

interface Backing {
  url: string;
  pid: number | null;
}

async function bringPostgres(dir: string, settings: StackSettings, lifetime: Lifetime): Promise<Backing> {
  if (settings.databaseUrl !== undefined) return { url: settings.databaseUrl, pid: null };
  const postgres = await step('starting Postgres', () =>
    startPostgres({
      dataDir: join(dir, 'postgres'),
      logFile: join(dir, 'logs', 'postgres.log'),
      log: (line) => {
        say(`  ${line}`);
      },
      signal: lifetime.signal,
    }),
  );
  lifetime.own(postgres.service);
  return postgres;
}

async function bringRedis(
  base: string,
  dir: string,
  settings: StackSettings,
  lifetime: Lifetime,
): Promise<Backing> {
  if (settings.redisUrl !== undefined) return { url: settings.redisUrl, pid: null };
  const { signal } = lifetime;
  const tell = (line: string): void => {
    say(`  ${line}`);
  };
  const { command } = await step('finding a Redis', () => findRedisServer(tell, { toolsDir: base, signal }));
  const redis = await step('starting Redis', () =>
    startRedis({
      command,
      dir: join(dir, 'redis-data'),
      logFile: join(dir, 'logs', 'redis.log'),
      password: randomBytes(18).toString('base64url'),
      settings: { appendonly: 'yes' },
      signal,
    }),
  );
  lifetime.own(redis.service);
  return redis;
}

async function publishExamples(
  root: string,
  client: DevClient,
  org: { orgId: string; apiKey: string },
): Promise<Map<string, string>> {
  const folder = join(root, 'examples');
  const published = new Map<string, string>();
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
  for (const name of names.sort()) {
    try {
      published.set(name, await client.publish(org, readFileSync(join(folder, name), 'utf8')));
    } catch (error) {
      // One example that is refused does not keep the others from being tried.
      complain(
        `  examples/${name} was not published: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return published;
}

function writeDevFile(file: string, dev: DevFile): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(dev, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
}
