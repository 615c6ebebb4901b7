/** Where one system runs for one round: its folder, its processes, the service its steps call; thrown away after. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { Lifetime } from '../../scripts/stack/lifetime.ts';
import { startPostgres } from '../../scripts/stack/postgres.ts';
import { findRedisServer, startRedis } from '../../scripts/stack/redis.ts';
import { startService, type Service } from '../../scripts/stack/service.ts';
import { openTarget, type Target } from './target.ts';

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const PROGRAMS = join(import.meta.dirname, 'programs');

/** What a program tells and is asked: `ready` once, then answers by the `id` of the question. */
export interface Message {
  ready?: boolean;
  port?: number;
  id?: number;
  result?: unknown;
  error?: string;
}

export interface Program {
  service: Service;
  /** Where it listens, if it does. */
  port: number;
  /** Has it do something. @throws {Error} with what it says went wrong. */
  ask(action: string, values?: Record<string, number>): Promise<unknown>;
}

export interface Stage {
  dataDir: string;
  target: Target;
  lifetime: Lifetime;
  /** Processes whose CPU time, with their children's, is the system's. */
  pids: number[];
  /** The database of the system; undefined before there is one. */
  sql: postgres.Sql | undefined;
  /** Starts a Postgres as installed (fsync and synchronous_commit on). @returns its URL. */
  postgres(): Promise<string>;
  /** Connects to the database that the system has. */
  connect(databaseUrl: string): postgres.Sql;
  /** Starts a Redis with an append-only file, as Vespid's stack does. @returns its URL. */
  redis(): Promise<string>;
  /** Starts any program and waits for nothing. */
  service(name: string, command: string, args: string[], env: Record<string, string>): Promise<Service>;
  /** Starts a file of programs/ on this Node and waits until it says that it is ready. */
  program(file: string, env: Record<string, string>, args?: string[]): Promise<Program>;
  close(): Promise<void>;
}

/** @param signal ends what is under way. */
export async function openStage(signal: AbortSignal): Promise<Stage> {
  const lifetime = stageLifetime(signal);
  const dataDir = mkdtempSync(join(tmpdir(), 'vespid-peer-'));
  // The account of Postgres must reach its data.
  chmodSync(dataDir, 0o755);
  lifetime.onClose('data folder', () => rmSync(dataDir, { recursive: true, force: true }));
  const target = await openTarget();
  lifetime.onClose('target', () => target.close());
  const pids: number[] = [];
  let closing: Promise<void> | undefined;
  const own = (service: Service): Service => {
    lifetime.own(service);
    pids.push(service.pid);
    return service;
  };
  const stage: Stage = {
    dataDir,
    target,
    lifetime,
    pids,
    sql: undefined,
    postgres: async () => {
      const server = await startPostgres({ dataDir: join(dataDir, 'postgres'), signal });
      own(server.service);
      stage.connect(server.url);
      return server.url;
    },
    connect: (databaseUrl) => {
      const sql = postgres(databaseUrl, { max: 1, fetch_types: false, onnotice: () => {} });
      lifetime.onClose('connection', () => sql.end({ timeout: 1 }));
      stage.sql = sql;
      return sql;
    },
    redis: async () => {
      const { command } = await findRedisServer(() => {}, { signal });
      const settings = { appendonly: 'yes' };
      const server = await startRedis({ command, dir: join(dataDir, 'redis'), settings, signal });
      own(server.service);
      return server.url;
    },
    service: async (name, command, args, env) => own(await start(dataDir, name, command, args, env)),
    program: async (file, env, args = []) => {
      const all = { TARGET_URL: target.url, ...env };
      const script = join(PROGRAMS, file);
      const name = [file, ...args].join('-').replaceAll('/', '-');
      const service = own(await start(dataDir, name, process.execPath, [script, ...args], all, true));
      return asProgram(service, signal);
    },
    // Whoever comes second waits for the first.
    close: () => (closing ??= lifetime.close().then(() => {})),
  };
  return stage;
}

function start(
  dataDir: string,
  name: string,
  command: string,
  args: string[],
  env: Record<string, string>,
  channel = false,
): Promise<Service> {
  return startService({
    name,
    command,
    args,
    env: { ...process.env, ...env },
    cwd: dataDir,
    logFile: join(dataDir, 'logs', `${name}.log`),
    recordFile: join(dataDir, `${name}.json`),
    stopSignals: ['SIGTERM', 'SIGKILL'],
    graceMs: STOP_GRACE_MS,
    channel,
  });
}

async function asProgram(service: Service, signal: AbortSignal): Promise<Program> {
  const questions = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let port = 0;
  let lastId = 0;
  const ready = new Promise<void>((resolve) => {
    // Only the programs of this folder write to the channel, in this form.
    service.process.on('message', (raw) => {
      const message = raw as Message;
      if (message.ready === true) {
        port = message.port ?? 0;
        resolve();
      }
      const question = questions.get(message.id ?? 0);
      if (question === undefined) return;
      questions.delete(message.id ?? 0);
      if (message.error === undefined) question.resolve(message.result);
      else question.reject(new Error(`${service.name}: ${message.error}`));
    });
  });
  const died = service.ended.then((how) => {
    const error = new Error(`${service.name} ended (${how}):\n${service.tail()}`);
    for (const { reject } of questions.values()) reject(error);
    throw error;
  });
  // Whoever waits hears of it through the race or a question; later there is nobody to tell.
  died.catch(() => {});
  const late = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  await Promise.race([ready, died, aborted(late, service)]);
  return {
    service,
    port,
    ask: (action, values = {}) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        questions.set(lastId, { resolve, reject });
        service.process.send({ id: lastId, action, ...values });
      }),
  };
}

function aborted(signal: AbortSignal, service: Service): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(`${service.name} was not ready in time. Its log ends:\n${service.tail()}`));
    });
  });
}

/** A lifetime within that of the process: closed after every round. */
function stageLifetime(signal: AbortSignal): Lifetime {
  const closers: (() => Promise<void> | void)[] = [];
  const onClose: Lifetime['onClose'] = (_name, close) => {
    closers.push(close);
  };
  return {
    signal,
    onClose,
    own: (service) => onClose(service.name, () => service.stop()),
    untilStopped: () => Promise.resolve(),
    close: async () => {
      let clean = true;
      for (const close of closers.splice(0).toReversed()) {
        try {
          await close();
        } catch (error) {
          clean = false;
          console.error(error);
        }
      }
      return clean;
    },
  };
}
