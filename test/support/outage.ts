/** A steady load on the API before, during and after an outage of Redis, with reads beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { expectPromisesKept } from './accept-promises.ts';
import { send, type Answer, type OrgClient } from './client.ts';
import { figures, percentile, startLoad, type Load, type Sample } from './load.ts';
import { startReferenceServer } from './reference-server.ts';
import type { RedisFault } from './redis-faults.ts';
import type { RunStack } from './run-stack.ts';
import { waitUntil } from './stack.ts';

/** By then the API knows that the queue is down: a probe every 500 ms that may take 1000 ms. */
const KNOWN_AFTER_MS = 1700;
/** Contract, section 1: runs are accepted again so soon after Redis is back. */
const RECOVERY_MS = 5000;
const MIN_REQUESTS = 500;
const PER_SECOND = 120;
/** Every so many runs one waits for a timer, so that at any time some of them exist only as delayed jobs. */
const SLOW_EVERY = 8;

export interface OutageOptions {
  /** WORKFLOW_ENQUEUE_TIMEOUT_MS of the API. */
  deadlineMs: number;
  /** How long Redis stays away, ms. */
  lastsMs?: number;
  org?: OrgClient;
}

export interface Outage {
  samples: readonly Sample[];
  /**
   * performance.now() when Redis failed, when that had to be known, when it began to be mended (it may take writes at any
   * moment from there on), and when it was back.
   */
  failedAt: number;
  knownFrom: number;
  endsAt: number;
  backAt: number;
}

interface Read {
  sentAt: number;
  status: number;
  latencyMs: number;
}

async function read(answer: Promise<Answer<unknown>>): Promise<Read> {
  const sentAt = performance.now();
  const { status, latencyMs } = await answer;
  return { sentAt, status, latencyMs };
}

/** Reads a run and a list, one after the other, until it is stopped. */
function startReads(org: OrgClient, runId: string): { stop(): Promise<Read[]> } {
  const reads: Read[] = [];
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      reads.push(await read(org.get(runId)), await read(org.list('?limit=5')));
      await sleep(50);
    }
  })();
  return {
    stop: async () => {
      stopping = true;
      await running;
      return reads;
    },
  };
}

const until = (time: number): Promise<unknown> => sleep(Math.max(0, time - performance.now()));

/** Every request to start a run is accompanied by one to a server that does nothing. */
function startRuns(stack: RunStack, org: OrgClient, url: string, reference: Promise<Read>[]): Load {
  return startLoad({
    perSecond: PER_SECOND,
    maxInFlight: 250,
    start: (request, index) => {
      reference.push(read(send(url, { method: 'GET', headers: {} })));
      return org.start(stack.workflowId, {
        input: index % SLOW_EVERY === 0 ? { pauseMs: 1200 } : { index },
        labels: { request },
      });
    },
  });
}

async function driveThrough(load: Load, fault: RedisFault, lastsMs: number): Promise<Outage> {
  await waitUntil(() => load.samples.filter(({ status }) => status === 201).length >= 100, {
    what: 'runs are accepted before the outage',
  });
  await fault.begin();
  const failedAt = performance.now();
  await until(failedAt + lastsMs);
  const endsAt = performance.now();
  await fault.end();
  const backAt = performance.now();
  await waitUntil(() => load.samples.some(({ status, sentAt }) => status === 201 && sentAt > backAt), {
    what: 'a run is accepted again',
    timeoutMs: RECOVERY_MS,
  });
  await until(performance.now() + 1000);
  await waitUntil(() => load.samples.length >= MIN_REQUESTS, { what: `${MIN_REQUESTS} requests` });
  return { samples: load.samples, failedAt, knownFrom: failedAt + KNOWN_AFTER_MS, endsAt, backAt };
}

const p99 = (group: readonly { latencyMs: number }[]): number =>
  percentile(
    group.map(({ latencyMs }) => latencyMs),
    99,
  );

/**
 * Latencies of the 503s, and that the last requests of all were accepted. On a machine that is busy with other
 * things every request is slow: what a server took that does nothing, at the same time, is added.
 */
function expectBounds(
  { samples, knownFrom, backAt }: Outage,
  reference: readonly Read[],
  deadlineMs: number,
): void {
  const refused = samples.filter(({ code }) => code === 'QUEUE_UNAVAILABLE');
  const whileKnown = ({ sentAt }: { sentAt: number }): boolean => sentAt >= knownFrom && sentAt < backAt;
  const known = refused.filter(whileKnown);
  if (refused.length > 0) expect(p99(refused)).toBeLessThan(deadlineMs + 100 + p99(reference));
  if (known.length > 0) expect(p99(known)).toBeLessThan(50 + p99(reference.filter(whileKnown)));
  const last = Math.max(...samples.map(({ sentAt }) => sentAt));
  const late = samples.filter(({ sentAt }) => sentAt > Math.max(last - 500, backAt));
  expect(late.filter(({ status }) => status !== 201)).toEqual([]);
}

/**
 * Drives at least 500 requests through a fault and asserts everything that contract section 1 promises:
 * the answers, their latencies, the recovery, and that reads are served all the time.
 */
export async function expectContractThrough(
  stack: RunStack,
  fault: RedisFault,
  { deadlineMs, lastsMs = 2600, org = stack.org }: OutageOptions,
): Promise<Outage> {
  const known = await org.start(stack.workflowId);
  expect(known.status).toBe(201);
  const reading = startReads(org, known.body.run.id);
  const server = await startReferenceServer();
  const referring: Promise<Read>[] = [];
  const load = startRuns(stack, org, server.url, referring);
  let outage: Outage;
  try {
    outage = await driveThrough(load, fault, lastsMs);
  } finally {
    await load.stop();
    await Promise.all(referring);
    await server.stop();
  }
  const reads = await reading.stop();
  const reference = await Promise.all(referring);
  await stack.age();
  await stack.settled();
  // The figures of the test report: how many of each answer, and how fast.
  console.info(
    `${fault.name}: ${figures(outage.samples, outage.knownFrom)} | reference p99 ${p99(reference).toFixed(1)} ms`,
  );
  expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
  await expectPromisesKept(stack, outage.samples);
  const reasons = new Set(outage.samples.flatMap(({ reason }) => (reason === null ? [] : [reason])));
  expect([...reasons].filter((reason) => !fault.reasons.some((expected) => expected === reason))).toEqual([]);
  expectBounds(outage, reference, deadlineMs);
  return outage;
}

/** During the outage there were refusals, and once it was known nothing but refusals. */
export function expectRefusedThroughout({ samples, knownFrom, endsAt }: Outage): void {
  const during = samples.filter(
    ({ sentAt, latencyMs }) => sentAt >= knownFrom && sentAt + latencyMs < endsAt,
  );
  expect(during.length).toBeGreaterThan(20);
  expect(during.filter(({ code }) => code !== 'QUEUE_UNAVAILABLE')).toEqual([]);
}
