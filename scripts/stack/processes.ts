/** The API and the worker of the local stack. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';
import { endRecorded } from './process-record.ts';
import { startService, type Service } from './service.ts';
import { baseUrlOf, type StackSettings } from './settings.ts';

const READY_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 2000;
const POLL_MS = 50;
const PORT_TRIES = 5;
/** Beyond the process's own grace, before it is killed, ms. */
const GRACE_MARGIN_MS = 3000;

interface ProcessOptions {
  name: 'API' | 'worker';
  /** The bundle in dist/. */
  bundle: string;
  root: string;
  dir: string;
  settings: StackSettings;
  /** VESPID_SECRETS_KEY of both. */
  secretsKey: string;
  databaseUrl: string;
  redisUrl: string;
  port: number;
}

export type StackUrls = Omit<ProcessOptions, 'name' | 'bundle' | 'port'>;

const recordFile = (dir: string, name: string): string => join(dir, `${name.toLowerCase()}.json`);
const stopGraceMs = (settings: StackSettings): number => settings.shutdownGraceMs + GRACE_MARGIN_MS;

/** Ends the API and the worker that a killed run left behind in `dir`. */
export async function endLeftovers(dir: string, settings: StackSettings): Promise<void> {
  const graceMs = stopGraceMs(settings);
  await Promise.all(
    ['API', 'worker'].map((name) => endRecorded(recordFile(dir, name), ['SIGTERM', 'SIGKILL'], graceMs)),
  );
}

function startProcess(options: ProcessOptions): Promise<Service> {
  const { name, bundle, root, dir, settings, port } = options;
  const follow = new URL('./follow-parent.mjs', import.meta.url).href;
  return startService({
    name,
    command: process.execPath,
    args: ['--import', follow, join(root, 'dist', bundle)],
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: options.databaseUrl,
      REDIS_URL: options.redisUrl,
      HOST: settings.host,
      PORT: String(port),
      VESPID_ADMIN_TOKEN: settings.adminToken,
      VESPID_EGRESS_ALLOW: settings.egressAllow,
      VESPID_SECRETS_KEY: options.secretsKey,
    },
    logFile: join(dir, 'logs', `${name.toLowerCase()}.log`),
    recordFile: recordFile(dir, name),
    stopSignals: ['SIGTERM', 'SIGKILL'],
    graceMs: stopGraceMs(settings),
    channel: true,
  });
}

/** Starts the worker; `ready` resolves when it says that it takes jobs. */
export async function startWorker(
  urls: StackUrls,
  signal: AbortSignal,
): Promise<{ service: Service; ready: () => Promise<void> }> {
  const service = await startProcess({ ...urls, name: 'worker', bundle: 'worker.js', port: 0 });
  const isReady = async (): Promise<boolean> => hasLogged(service.logFile, 'worker_ready');
  const ready = (): Promise<void> =>
    urls.settings.logsInfo ? waitForReady(service, isReady, signal) : Promise.resolve();
  return { service, ready };
}

/** Starts the API; `ready` resolves when `/health/ready` says so. Port 0 is replaced by a free one. */
export async function startApi(
  urls: StackUrls,
  signal: AbortSignal,
): Promise<{ service: Service; baseUrl: string; ready: () => Promise<void> }> {
  const { host, port: wanted } = urls.settings;
  for (let tries = 1; ; tries++) {
    const port = wanted === 0 ? await freePort() : wanted;
    const baseUrl = baseUrlOf(host, port);
    const service = await startProcess({ ...urls, name: 'API', bundle: 'server.js', port });
    const lostRace = wanted === 0 && tries < PORT_TRIES && (await diedOfTakenPort(service, baseUrl, signal));
    if (!lostRace)
      return { service, baseUrl, ready: () => waitForReady(service, () => isHealthy(baseUrl), signal) };
  }
}

/** Waits until the API answers at all or has ended. @returns whether it ended because its port was taken. */
async function diedOfTakenPort(service: Service, baseUrl: string, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (service.isRunning() && Date.now() < deadline && !signal.aborted) {
    if ((await statusOf(`${baseUrl}/health/live`)) !== null) break;
    await sleep(POLL_MS);
  }
  return !service.isRunning() && service.tail().includes('EADDRINUSE');
}

async function waitForReady(
  service: Service,
  isReady: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await isReady())) {
    signal.throwIfAborted();
    if (!service.isRunning())
      throw new Error(`${service.name} ended (${await service.ended}) before it was ready.`);
    if (Date.now() >= deadline) {
      throw new Error(
        `${service.name} was not ready in ${READY_TIMEOUT_MS} ms. Its log ends:\n${service.tail()}`,
      );
    }
    await sleep(POLL_MS);
  }
}

const isHealthy = async (baseUrl: string): Promise<boolean> =>
  (await statusOf(`${baseUrl}/health/ready`)) === 200;

async function statusOf(url: string): Promise<number | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

/** Whether a log of JSON lines holds one with `event`. */
function hasLogged(file: string, event: string): boolean {
  if (!existsSync(file)) return false;
  return readFileSync(file, 'utf8').includes(`"event":"${event}"`);
}
