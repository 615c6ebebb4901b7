/**
 * An open loop: requests are sent at a rate, whatever the answers do. In a process of its own (`main.ts`), which costs
 * little: on shared cores what it takes is missing elsewhere.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection, postRequest, type Connection, type Target } from '../lib/load/connection.ts';
import { gapsMs } from '../lib/load/paced.ts';

export interface OpenLoad {
  target: Target;
  json: string;
  ratePerSecond: number;
  count: number;
  /** Opened before the first request. While all wait for their answers, what is due is not sent. */
  connections: number;
  /** Of the accepted, how many are told one by one, at most. */
  maxSamples: number;
}

export interface OpenResult {
  /** By the machine's clock, ms since 1970: of the first and the last request. */
  startedAtMs: number;
  endedAtMs: number;
  /** Answers by status. `unsent`: no connection was free. `broken`: its connection was. `unanswered`: to the end. */
  outcomes: Record<string, number>;
  /** From the sending of a request to its answer, ms: of those accepted, and of the others. */
  acceptedMs: number[];
  refusedMs: number[];
  /** Ids of accepted runs, and when each request was sent, ms since 1970. */
  runs: [id: string, sentAtMs: number][];
}

const ID = '"id":"';
const UUID_LENGTH = 36;
const CONNECTING = 50;
/** After the last request an answer is waited for so long, ms. */
const GIVE_UP_MS = 30_000;

class Generator {
  readonly #load: OpenLoad;
  readonly #request: Buffer;
  readonly #result: OpenResult;
  readonly #sampleEvery: number;
  readonly #connections: Connection[] = [];
  #idle: Connection[] = [];
  #accepted = 0;

  constructor(load: OpenLoad) {
    this.#load = load;
    this.#request = postRequest(load.target, load.json);
    this.#sampleEvery = Math.max(1, Math.ceil(load.count / load.maxSamples));
    const now = Date.now();
    this.#result = {
      startedAtMs: now,
      endedAtMs: now,
      outcomes: {},
      acceptedMs: [],
      refusedMs: [],
      runs: [],
    };
  }

  async run(): Promise<OpenResult> {
    const { ratePerSecond, count } = this.#load;
    await this.#connect();
    const gaps = gapsMs(ratePerSecond, count);
    const underWay = new Set<Promise<void>>();
    let next = 0;
    let dueMs = performance.now();
    this.#result.startedAtMs = Date.now();
    while (next < count) {
      const now = performance.now();
      for (; next < count && dueMs <= now; next += 1) {
        dueMs += gaps[next] ?? 0;
        const post = this.#post().finally(() => underWay.delete(post));
        underWay.add(post);
      }
      await sleep(Math.max(0, dueMs - performance.now()));
    }
    this.#result.endedAtMs = Date.now();
    const gaveUp = new AbortController();
    await Promise.race([
      Promise.all(underWay),
      sleep(GIVE_UP_MS, null, { signal: gaveUp.signal }).catch(() => null),
    ]);
    gaveUp.abort();
    if (underWay.size > 0) this.#result.outcomes['unanswered'] = underWay.size;
    for (const connection of this.#connections) connection.close();
    return this.#result;
  }

  #count(outcome: string): void {
    this.#result.outcomes[outcome] = (this.#result.outcomes[outcome] ?? 0) + 1;
  }

  /** A few at a time: a server accepts no more than one in a turn of its loop, and the kernel drops what is beyond its queue. */
  async #connect(): Promise<void> {
    const { target, connections } = this.#load;
    while (this.#connections.length < connections) {
      const missing = Math.min(CONNECTING, connections - this.#connections.length);
      const opening = Array.from({ length: missing }, () => openConnection(target.host, target.port));
      this.#connections.push(...(await Promise.all(opening)));
    }
    this.#idle = [...this.#connections];
  }

  async #post(): Promise<void> {
    const sentAt = performance.now();
    const sentAtMs = Date.now();
    try {
      // In turn: a server closes a connection that sends nothing for long.
      const connection = this.#idle.shift();
      if (connection === undefined) {
        this.#count('unsent');
        return;
      }
      const { status, body } = await connection.send(this.#request);
      this.#count(String(status));
      this.#idle.push(connection);
      const tookMs = performance.now() - sentAt;
      if (status === 201) this.#accept(body, tookMs, sentAtMs);
      else this.#result.refusedMs.push(tookMs);
    } catch {
      this.#count('broken');
    }
  }

  #accept(body: string, tookMs: number, sentAtMs: number): void {
    this.#result.acceptedMs.push(tookMs);
    this.#accepted += 1;
    if (this.#accepted % this.#sampleEvery !== 0) return;
    // The first id of the answer is the run's, in either system.
    const start = body.indexOf(ID) + ID.length;
    this.#result.runs.push([body.slice(start, start + UUID_LENGTH), sentAtMs]);
  }
}

/** Sends `count` requests at about `ratePerSecond`, and waits for the answers. */
export const runOpen = (load: OpenLoad): Promise<OpenResult> => new Generator(load).run();
