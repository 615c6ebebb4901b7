/**
 * Live answers (`Prefer: wait`, SSE): workers publish run ids on Redis pub/sub as a hint; one batched query a
 * second per process is the truth, so nothing depends on Redis or on a message arriving.
 */
import type { Redis } from 'ioredis';
import type { Sql } from '../db/client.ts';
import { bounded } from '../db/failure.ts';
import { isTerminal, type RunStatus } from '../db/runs/row.ts';
import { snapshotRuns } from '../db/runs/read.ts';
import { keys, openRedis, patientOptions } from '../queue/connection.ts';
import type { Logger } from '../telemetry/log.ts';

const POLL_EVERY_MS = 1000;

interface Snapshot {
  status: RunStatus;
  timelineCount: number;
}

export interface RunWatcher {
  /** Calls `onChange` with the run's state now and at every change, `null` when the run is gone. Returns the stop. */
  watch(runId: string, onChange: (snapshot: Snapshot | null) => void): () => void;
  /** Resolves when the run has ended, is gone, `timeoutMs` have passed or `signal` aborts. */
  ended(runId: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Watched {
  /** What the listeners were told last; undefined before the first answer. */
  last: Snapshot | null | undefined;
  listeners: Set<(snapshot: Snapshot | null) => void>;
}

export interface WatcherOptions {
  sql: Sql;
  redisUrl: string;
  queueName: string;
  /** DATABASE_TIMEOUT_MS */
  databaseTimeoutMs: number;
  log: Logger;
}

const same = (a: Snapshot | null | undefined, b: Snapshot | null): boolean =>
  a === b || (!!a && !!b && a.status === b.status && a.timelineCount === b.timelineCount);

class Watcher implements RunWatcher {
  readonly #options: WatcherOptions;
  readonly #watched = new Map<string, Watched>();
  /** Runs to ask about as soon as the query under way is back. */
  readonly #hinted = new Set<string>();
  #subscriber: Redis | undefined;
  #interval: NodeJS.Timeout | undefined;
  #querying = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  watch(runId: string, onChange: (snapshot: Snapshot | null) => void): () => void {
    this.#start();
    const entry = this.#watched.get(runId) ?? { last: undefined, listeners: new Set() };
    entry.listeners.add(onChange);
    this.#watched.set(runId, entry);
    if (entry.last !== undefined) onChange(entry.last);
    this.#hint(runId);
    return () => {
      entry.listeners.delete(onChange);
      if (entry.listeners.size === 0 && this.#watched.get(runId) === entry) this.#watched.delete(runId);
    };
  }

  async ended(runId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let stop: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const left = new AbortController();
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
      signal.addEventListener('abort', () => resolve(), { signal: left.signal });
      stop = this.watch(runId, (snapshot) => {
        if (snapshot === null || isTerminal(snapshot.status)) resolve();
      });
    });
    clearTimeout(timer);
    left.abort();
    stop?.();
  }

  async close(): Promise<void> {
    clearInterval(this.#interval);
    this.#watched.clear();
    this.#subscriber?.disconnect();
  }

  /** The poll and the subscription begin with the first watch: a process that nobody asks costs nothing. */
  #start(): void {
    this.#interval ??= setInterval(() => {
      if (!this.#querying && this.#watched.size > 0) void this.#query([...this.#watched.keys()]);
    }, POLL_EVERY_MS);
    if (this.#subscriber !== undefined) return;
    const { redisUrl, queueName } = this.#options;
    const subscriber = openRedis(redisUrl, patientOptions('vespid-live'), () => {});
    subscriber.on('message', (_channel, runId) => this.#hint(runId));
    // ioredis subscribes again after every reconnect.
    subscriber.subscribe(keys(queueName).hints).catch(() => {});
    this.#subscriber = subscriber;
  }

  #hint(runId: string): void {
    if (!this.#watched.has(runId)) return;
    this.#hinted.add(runId);
    this.#flush();
  }

  #flush(): void {
    if (this.#querying || this.#hinted.size === 0) return;
    const ids = [...this.#hinted];
    this.#hinted.clear();
    void this.#query(ids);
  }

  async #query(ids: string[]): Promise<void> {
    this.#querying = true;
    try {
      const { sql, databaseTimeoutMs } = this.#options;
      const rows = new Map(
        (await bounded(snapshotRuns(sql, ids), databaseTimeoutMs)).map((row) => [row.id, row]),
      );
      for (const id of ids) {
        const row = rows.get(id);
        this.#tell(id, row === undefined ? null : { status: row.status, timelineCount: row.timeline_count });
      }
    } catch (error) {
      // The next poll asks again; a request that waits answers with the run as it was.
      this.#options.log.debug({ err: error }, 'watching runs: the query failed');
    } finally {
      this.#querying = false;
      this.#flush();
    }
  }

  #tell(runId: string, next: Snapshot | null): void {
    const entry = this.#watched.get(runId);
    if (entry === undefined || same(entry.last, next)) return;
    entry.last = next;
    for (const listener of entry.listeners) listener(next);
  }
}

/** Opens the watcher; it connects when the first run is watched. */
export const openRunWatcher = (options: WatcherOptions): RunWatcher => new Watcher(options);
