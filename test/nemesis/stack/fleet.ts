/** The API and worker processes under test: each has a place that a new process takes when the old one has ended. */
import { freePort } from '../../../scripts/stack/ports.ts';
import { ADMIN_TOKEN, launch, type ProcessEnv, type TestProcess } from '../../support/launch.ts';
import { waitUntil } from '../../support/stack.ts';

const READY_TIMEOUT_MS = 30_000;
/** Beyond the grace of a graceful stop: a busy machine ends a process late. */
const STOP_SLACK_MS = 2000;

export interface Place {
  name: string;
  role: 'api' | 'worker';
  /** Of an API, the same through all its processes. */
  baseUrl: string | null;
  /** Starts a process, unless one runs here. */
  start(): void;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** SIGTERM and waits for its end, which has to be exit code 0 within the grace. */
  stop(): Promise<void>;
  isRunning(): boolean;
  /** Resolves when the process here serves. */
  ready(): Promise<void>;
}

export interface Fleet {
  apis: Place[];
  workers: Place[];
  /** Every process there was. */
  processes: TestProcess[];
  /** What no process may do: end by itself, or not end as it was asked to. */
  problems: string[];
  /** Date.now() of each resumption of a worker that had been paused. */
  resumedAt: number[];
  close(): Promise<void>;
}

interface PlaceOptions {
  name: string;
  role: 'api' | 'worker';
  env: ProcessEnv;
  graceMs: number;
  port: number;
}

class ProcessPlace implements Place {
  readonly name: string;
  readonly role: 'api' | 'worker';
  readonly baseUrl: string | null;
  readonly #options: PlaceOptions;
  readonly #fleet: Fleet;
  #process: TestProcess | null = null;
  /** The process that is meant to end. */
  #ending: TestProcess | null = null;

  constructor(options: PlaceOptions, fleet: Fleet) {
    this.name = options.name;
    this.role = options.role;
    this.baseUrl = options.role === 'api' ? `http://127.0.0.1:${options.port}` : null;
    this.#options = options;
    this.#fleet = fleet;
  }

  start(): void {
    if (this.isRunning()) return;
    const { role, env, port, name } = this.#options;
    const started =
      role === 'api'
        ? launch('server.js', { VESPID_ADMIN_TOKEN: ADMIN_TOKEN, ...env, PORT: String(port) })
        : launch('worker.js', env);
    this.#process = started;
    this.#fleet.processes.push(started);
    void started.exited.then(({ code, signal }) => {
      if (this.#ending === started) return;
      const tail = started.logs.slice(-5).map((line) => JSON.stringify(line));
      this.#fleet.problems.push(`${name} ended by itself (${signal ?? code}): ${tail.join(' ')}`);
    });
  }

  isRunning(): boolean {
    return this.#process?.isRunning() === true;
  }

  async kill(): Promise<void> {
    this.#ending = this.#process;
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
  }

  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
    if (this.role === 'worker') this.#fleet.resumedAt.push(Date.now());
  }

  async stop(): Promise<void> {
    const ending = this.#process;
    if (ending === null || !ending.isRunning()) return;
    this.#ending = ending;
    const { name, graceMs } = this.#options;
    const sentAt = performance.now();
    ending.kill('SIGTERM');
    const timer = setTimeout(() => ending.kill('SIGKILL'), graceMs + STOP_SLACK_MS);
    const { code, signal } = await ending.exited;
    clearTimeout(timer);
    // Node handles no signal before it runs the program.
    const hadBegun = ending.logs.length > 0;
    if (code === 0 || (signal === 'SIGTERM' && !hadBegun)) return;
    const tookMs = Math.round(performance.now() - sentAt);
    this.#fleet.problems.push(`${name} was sent SIGTERM and ended with ${signal ?? code} after ${tookMs} ms`);
  }

  async ready(): Promise<void> {
    const what = `${this.name} is ready`;
    const isReady = async (): Promise<boolean> => {
      if (this.baseUrl === null)
        return this.#process?.logs.some(({ event }) => event === 'worker_ready') === true;
      return (await fetch(`${this.baseUrl}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok;
    };
    await waitUntil(isReady, { what, timeoutMs: READY_TIMEOUT_MS });
  }
}

export interface FleetOptions {
  apis: number;
  workers: number;
  apiEnv: ProcessEnv;
  workerEnv: ProcessEnv;
  /** SHUTDOWN_GRACE_MS */
  graceMs: number;
}

/** Starts the processes and waits until all of them serve. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { graceMs } = options;
  const fleet: Fleet = {
    apis: [],
    workers: [],
    processes: [],
    problems: [],
    resumedAt: [],
    close: async () => {
      await Promise.all([...fleet.apis, ...fleet.workers].map((place) => place.kill()));
    },
  };
  for (let index = 1; index <= options.apis; index += 1) {
    const place = {
      name: `api ${index}`,
      role: 'api',
      env: options.apiEnv,
      graceMs,
      port: await freePort(),
    } as const;
    fleet.apis.push(new ProcessPlace(place, fleet));
  }
  for (let index = 1; index <= options.workers; index += 1) {
    const place = {
      name: `worker ${index}`,
      role: 'worker',
      env: options.workerEnv,
      graceMs,
      port: 0,
    } as const;
    fleet.workers.push(new ProcessPlace(place, fleet));
  }
  const places = [...fleet.apis, ...fleet.workers];
  for (const place of places) place.start();
  try {
    await Promise.all(places.map((place) => place.ready()));
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return fleet;
}
