/** Load over HTTP: many runs with some in flight, or runs at an even rate. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningSystem } from './system.ts';

const TIMEOUT_MS = 60_000;
const POLL_MS = 50;

export interface HttpFront {
  /** Where a POST starts a run. */
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** The id of a run in the answer to its start. */
  idOf(answer: string): string;
  unfinished(): Promise<number>;
  /** When runs ended, ms since 1970. */
  endedAt(ids: string[]): Promise<number[]>;
}

/** Now, in ms since 1970, finer than Date.now(). */
const nowMs = (): number => performance.timeOrigin + performance.now();

/** A system whose runs are started over HTTP. */
export function overHttp(front: HttpFront): RunningSystem {
  const post = poster(front);
  return {
    create: (count, inFlight) => many(count, inFlight, () => post(front.url)),
    unfinished: () => front.unfinished(),
    sample: async (ratePerSecond, seconds) => {
      const sent: number[] = [];
      const ids = await evenly(ratePerSecond, seconds, async () => {
        sent.push(nowMs());
        return front.idOf(await post(front.url));
      });
      const deadline = Date.now() + TIMEOUT_MS;
      while ((await front.unfinished()) > 0 && Date.now() < deadline) await sleep(POLL_MS);
      const ended = await front.endedAt(ids);
      if (ended.length !== ids.length) throw new Error(`${ids.length - ended.length} samples have not ended`);
      return ended.map((end, index) => end - (sent[index] ?? Number.NaN));
    },
  };
}

/** Calls `work` `count` times, `inFlight` at a time. @throws {Error} the first that failed. */
export async function many(count: number, inFlight: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const next = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, next));
}

/** Calls `work` at an even rate whether or not earlier calls have returned. @returns the results, in order. */
export async function evenly<T>(
  ratePerSecond: number,
  seconds: number,
  work: () => Promise<T>,
): Promise<T[]> {
  const startMs = performance.now();
  const calls: Promise<T>[] = [];
  for (let index = 0; index < ratePerSecond * seconds; index += 1) {
    const waitMs = startMs + (index * 1000) / ratePerSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    calls.push(work());
  }
  return Promise.all(calls);
}

/** POSTs over kept connections. @returns the answer's text. @throws {Error} when the answer is no success. */
export function poster(call: {
  headers?: Record<string, string>;
  body?: string;
}): (url: string) => Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const body = call.body ?? '{}';
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...call.headers,
  };
  return (url) =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(text);
          else reject(new Error(`POST ${url}: ${status} ${text.slice(0, 200)}`));
        });
        answer.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`POST ${url}: no answer in ${TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
}
