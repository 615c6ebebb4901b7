/** A private Redis server on a port and in a folder of its own. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';
import { endRecorded } from './process-record.ts';
import { startService, type Service } from './service.ts';

export { findRedisServer } from './find-redis.ts';

const READY_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 1000;
const POLL_MS = 20;
const STOP_GRACE_MS = 5000;
const PORT_TRIES = 5;

export interface StartRedisOptions {
  /** The server program, from findRedisServer. */
  command: string;
  /** Its data, settings and log. What a killed run left running there is stopped first. */
  dir: string;
  /** A fixed port; without it any free one. */
  port?: number;
  /** Asked of every client. */
  password?: string;
  /** Settings of redis.conf, for example `{ appendonly: 'yes' }`. Nothing is kept on disk by default. */
  settings?: Record<string, string>;
  /** Command line arguments; they win over the settings. */
  args?: string[];
  logFile?: string;
  signal?: AbortSignal | undefined;
}

export interface RunningRedis {
  url: string;
  port: number;
  pid: number;
  process: ChildProcess;
  service: Service;
  stop(): Promise<void>;
}

/**
 * Starts Redis on 127.0.0.1 and waits until it answers and has loaded its data.
 * @throws {Error} with the end of its log when it does not come up, or when `signal` aborts.
 */
export async function startRedis(options: StartRedisOptions): Promise<RunningRedis> {
  const { dir, signal } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await endRecorded(recordFile(dir), ['SIGTERM', 'SIGKILL'], STOP_GRACE_MS);
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const port = options.port ?? (await freePort());
    const service = await spawnRedis(options, port);
    if (await becameReady(service, port, options)) return running(service, port, options.password);
    const log = service.tail();
    await service.stop();
    signal?.throwIfAborted();
    const lostRace = options.port === undefined && /Address already in use/i.test(log);
    if (!lostRace || tries >= PORT_TRIES) throw new Error(`Redis did not start. The end of its log:\n${log}`);
  }
}

const recordFile = (dir: string): string => join(dir, 'process.json');

function spawnRedis(options: StartRedisOptions, port: number): Promise<Service> {
  const { command, dir, password } = options;
  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(port),
    dir: JSON.stringify(dir),
    daemonize: 'no',
    save: '""',
    appendonly: 'no',
    ...(password === undefined ? {} : { requirepass: password }),
    ...options.settings,
  };
  const file = join(dir, 'redis.conf');
  const text = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(file, text.join(''), { mode: 0o600 });
  return startService({
    name: 'Redis',
    command,
    args: [file, ...(options.args ?? [])],
    env: process.env,
    cwd: dir,
    logFile: options.logFile ?? join(dir, 'redis.log'),
    recordFile: recordFile(dir),
    stopSignals: ['SIGTERM', 'SIGKILL'],
    graceMs: STOP_GRACE_MS,
  });
}

async function becameReady(
  service: Service,
  port: number,
  { password, signal }: StartRedisOptions,
): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  const goesOn = (): boolean => service.isRunning() && Date.now() < deadline && signal?.aborted !== true;
  while (goesOn()) {
    const info = await askInfo(port, password);
    // Another server may hold the port while ours is about to give up on it: ask who answers.
    const isOurs = info.includes(`process_id:${service.pid}\r\n`);
    if (isOurs && info.includes('loading:0\r\n')) return true;
    // A password set through `args` is not known here: then any refusal is an answer.
    if (password === undefined && info.startsWith('-NOAUTH')) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** What `127.0.0.1:port` answers to INFO; what came so far when it stops answering, empty when it never did. */
function askInfo(port: number, password: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: ANSWER_TIMEOUT_MS });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => {
      socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}INFO\r\nQUIT\r\n`);
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      resolve(text);
    });
  });
}

function running(service: Service, port: number, password: string | undefined): RunningRedis {
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  return {
    url: `redis://${login}127.0.0.1:${port}`,
    port,
    pid: service.pid,
    process: service.process,
    service,
    stop: () => service.stop(),
  };
}
