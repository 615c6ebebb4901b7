/** Starts the usual design (bench/baseline/) as its owners would, without a loader. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lifetime } from '../../scripts/stack/lifetime.ts';
import { freePort } from '../../scripts/stack/ports.ts';
import { startService, type Service } from '../../scripts/stack/service.ts';
import { SCHEMA } from '../baseline/schema.ts';
import type { Bundles } from './bundle.ts';
import type { Services } from './services.ts';
import type { System } from './system.ts';

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const STOP_GRACE_MS = 5000;

async function untilLogged(service: Service, text: string): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  while (!readFileSync(service.logFile, 'utf8').includes(text)) {
    if (!service.isRunning() || Date.now() > deadlineMs)
      throw new Error(`the baseline's ${service.name} is not ready:\n${service.tail()}`);
    await sleep(POLL_MS);
  }
}

/** An org with a key. */
async function seed(sql: System['sql']): Promise<{ orgId: string; apiKey: string }> {
  const org = { orgId: randomUUID(), apiKey: randomBytes(32).toString('base64url') };
  const hash = createHash('sha256').update(org.apiKey).digest('hex');
  await sql`INSERT INTO api_keys (hash, org_id) VALUES (${hash}, ${org.orgId})`;
  return org;
}

/** Starts a process of the baseline. @param file where its log and its record go, without an ending */
async function start(
  name: 'API' | 'worker',
  bundle: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Service> {
  const follow = new URL('../../scripts/stack/follow-parent.mjs', import.meta.url).href;
  return startService({
    name,
    command: process.execPath,
    args: ['--import', follow, bundle],
    env,
    logFile: `${file}.log`,
    recordFile: `${file}.json`,
    stopSignals: ['SIGTERM', 'SIGKILL'],
    graceMs: STOP_GRACE_MS,
    channel: true,
  });
}

/** Makes its database, and starts one API. */
export async function openBaseline(
  services: Services,
  bundles: Bundles,
  lifetime: Lifetime,
): Promise<System> {
  const { url, sql } = await services.openDatabase('baseline');
  await sql.unsafe(SCHEMA);
  const { orgId, apiKey } = await seed(sql);
  const path = `/v1/orgs/${orgId}/workflows/${randomUUID()}/runs`;
  const env = { ...process.env, DATABASE_URL: url, REDIS_URL: services.redisUrl };
  const ports: number[] = [];
  let started = 0;
  const nextFile = (): string => join(services.dataDir, `baseline-${(started += 1)}`);
  const system: System = {
    name: 'baseline',
    databaseUrl: url,
    sql,
    table: 'runs',
    queuePrefix: 'bull:runs:',
    apis: [],
    workers: [],
    targets: () => ports.map((port) => ({ host: '127.0.0.1', port, path, apiKey })),
    async startApi() {
      const port = await freePort();
      const service = await start('API', bundles.baselineApi, nextFile(), { ...env, PORT: String(port) });
      lifetime.onClose('baseline API', () => service.stop());
      system.apis.push(service);
      ports.push(port);
      await untilLogged(service, '"listening"');
    },
    async startWorker() {
      const service = await start('worker', bundles.baselineWorker, nextFile(), env);
      lifetime.onClose('baseline worker', () => service.stop());
      system.workers.push(service);
      await untilLogged(service, '"worker ready"');
    },
    async stopApi() {
      ports.pop();
      await system.apis.pop()?.stop();
    },
    async stopWorkers() {
      await Promise.all(system.workers.splice(0).map((service) => service.stop()));
    },
    coldStart: (port) => ({ args: [bundles.baselineApi], env: { ...env, PORT: String(port) } }),
  };
  await system.startApi();
  return system;
}
