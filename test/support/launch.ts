/**
 * The real API and worker processes (dist/, or the folder that VESPID_TEST_DIST names), started and watched. Outside of
 * vitest too: test/support/processes.ts ends what a test leaves running.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { SECRETS_KEY } from './secrets-key.ts';
import { waitUntil } from './stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Beyond the default SHUTDOWN_GRACE_MS. */
const STOP_TIMEOUT_MS = 12_000;
const READY_TIMEOUT_MS = 20_000;

/** VESPID_ADMIN_TOKEN of every API that is started here. */
export const ADMIN_TOKEN = 'admin-token-of-the-tests';

/** A line of stdout; what is no JSON object is kept as `{ text }`. */
export interface LogLine {
  event?: string;
  runId?: string;
  [member: string]: unknown;
}

interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface TestProcess {
  pid: number;
  /** Everything it has logged so far. */
  logs: LogLine[];
  exited: Promise<ProcessEnd>;
  isRunning(): boolean;
  /** The first line, logged already or to come, for which `predicate` is true. */
  waitForLog(
    predicate: (line: LogLine) => boolean,
    options: { what: string; timeoutMs?: number },
  ): Promise<LogLine>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then waits for its end; kills it and throws when that takes too long. */
  stop(): Promise<ProcessEnd>;
}

export interface TestApi extends TestProcess {
  baseUrl: string;
}

export interface TestWorker extends TestProcess {
  workerId: string;
}

/** DATABASE_URL and REDIS_URL, and whatever else differs from the defaults. */
export type ProcessEnv = { DATABASE_URL: string; REDIS_URL: string } & Record<string, string>;

/** Those that have not ended. */
export const living = new Set<TestProcess>();

/** Where the bundles are. */
const distFolder = (): string => process.env['VESPID_TEST_DIST'] ?? join(ROOT, 'dist');

/** Starts a bundle without waiting until it is ready. */
export function launch(bundle: string, env: ProcessEnv): TestProcess {
  const file = join(distFolder(), bundle);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm test builds it, npx tsup does by hand`);
  const follow = pathToFileURL(join(ROOT, 'scripts', 'stack', 'follow-parent.mjs')).href;
  const child = spawn(process.execPath, ['--import', follow, file], {
    // Nothing but PATH is inherited: the settings of the test run are not those of the process.
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', VESPID_SECRETS_KEY: SECRETS_KEY, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const logs: LogLine[] = [];
  const keep = (text: string): void => void logs.push(parseLine(text));
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', keep);
  }
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      living.delete(launched);
      resolve({ code, signal });
    });
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const launched: TestProcess = {
    pid: child.pid ?? 0,
    logs,
    exited,
    isRunning,
    waitForLog: (predicate, { what, timeoutMs = 10_000 }) =>
      waitUntil(
        () => {
          const line = logs.find(predicate);
          if (line === undefined && !isRunning()) throw new Error(`the process has ended: ${tail(logs)}`);
          return line;
        },
        { what, timeoutMs },
      ),
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      // One that was stopped by SIGSTOP heeds SIGTERM only then.
      child.kill('SIGCONT');
      await waitUntil(() => !isRunning(), { what: `${bundle} ends`, timeoutMs: STOP_TIMEOUT_MS }).catch(
        (error: unknown) => {
          child.kill('SIGKILL');
          throw error;
        },
      );
      return exited;
    },
  };
  living.add(launched);
  return launched;
}

function parseLine(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as LogLine;
  } catch {
    // Not JSON: a line of Node.js itself, or of a process that could not start.
  }
  return { text };
}

const tail = (logs: LogLine[]): string =>
  logs
    .slice(-10)
    .map((line) => JSON.stringify(line))
    .join('\n');

async function whenReady(started: TestProcess, event: string): Promise<LogLine> {
  try {
    const ended = started.exited.then(() => {
      throw new Error(`the process ended before ${event}: ${tail(started.logs)}`);
    });
    const ready = started.waitForLog((line) => line.event === event, {
      what: event,
      timeoutMs: READY_TIMEOUT_MS,
    });
    // The one that comes second is nobody's concern.
    ended.catch(() => {});
    ready.catch(() => {});
    return await Promise.race([ready, ended]);
  } catch (error) {
    started.kill('SIGKILL');
    throw error;
  }
}

/** Starts the API on a free port and waits until it listens. */
export async function startApi(env: ProcessEnv): Promise<TestApi> {
  const started = launch('server.js', { VESPID_ADMIN_TOKEN: ADMIN_TOKEN, ...env });
  const { port } = await whenReady(started, 'api_listening');
  return Object.assign(started, { baseUrl: `http://127.0.0.1:${String(port)}` });
}

/** Starts a worker and waits until it takes jobs (which it does only once Postgres answers). */
export async function startWorker(env: ProcessEnv): Promise<TestWorker> {
  const started = launch('worker.js', env);
  const { workerId } = await whenReady(started, 'worker_ready');
  return Object.assign(started, { workerId: String(workerId) });
}
