/** A steady load on the API before, during and after an outage of Redis, with reads beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { expectPromisesKept } from './accept-promises.ts';
import type { OrgClient } from './client.ts';
import { figures, percentile, startLoad, type Load, type Sample } from './load.ts';
import type { RedisFault } from './redis-faults.ts';
import type { RunStack } from './run-stack.ts';
import { waitUntil } from './stack.ts';

/** By then the API knows that the queue is down: a probe every 500 ms that may take 1000 ms. */
const KNOWN_AFTER_MS = 1700;
/** Contract, section 1: runs are accepted again so soon after Redis is back. */
const RECOVERY_MS = 5000;
const MIN_REQUESTS = 500;
const PER_SECOND = 90;
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
  /** performance.now() when Redis failed, when that had to be known, and when Redis was back. */
  failedAt: number;
  knownFrom: number;
  backAt: number;
}

interface Read {
  path: 'run' | 'list' | 'live';
  sentAt: number;
  status: number;
  latencyMs: number;
}

/** Reads a run, a list and /health/live, one after the other, until it is stopped. */
function startReads(org: OrgClient, runId: string): { stop(): Promise<Read[]> } {
  const reads: Read[] = [];
  let stopping = false;
  const paths = {
    run: () => org.get(runId),
    list: () => org.list('?limit=5'),
    live: () => org.call('GET', '/health/live'),
  };
  const keep = async (path: Read['path']): Promise<void> => {
    const sentAt = performance.now();
    const { status, latencyMs } = await paths[path]();
    reads.push({ path, sentAt, status, latencyMs });
  };
  const running = (async () => {
    while (!stopping) {
      for (const path of ['run', 'live', 'list', 'live'] as const) await keep(path);
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

function startRuns(stack: RunStack, org: OrgClient): Load {
  return startLoad({
    perSecond: PER_SECOND,
    maxInFlight: 250,
    start: (request, index) =>
      org.start(stack.workflowId, {
        input: index % SLOW_EVERY === 0 ? { pauseMs: 1200 } : { index },
        labels: { request },
      }),
  });
}

async function driveThrough(load: Load, fault: RedisFault, lastsMs: number): Promise<Outage> {
  await waitUntil(() => load.samples.filter(({ status }) => status === 201).length >= 100, {
    what: 'runs are accepted before the outage',
  });
  await fault.begin();
  const failedAt = performance.now();
  await until(failedAt + lastsMs);
  await fault.end();
  const backAt = performance.now();
  await waitUntil(() => load.samples.some(({ status, sentAt }) => status === 201 && sentAt > backAt), {
    what: 'a run is accepted again',
    timeoutMs: RECOVERY_MS,
  });
  await until(performance.now() + 1500);
  await waitUntil(() => load.samples.length >= MIN_REQUESTS, { what: `${MIN_REQUESTS} requests` });
  return { samples: load.samples, failedAt, knownFrom: failedAt + KNOWN_AFTER_MS, backAt };
}

const p99 = (group: readonly { latencyMs: number }[]): number =>
  percentile(
    group.map(({ latencyMs }) => latencyMs),
    99,
  );

/**
 * Latencies of the 503s, and that the last requests of all were accepted. A machine that is busy with other
 * things makes every request slow: what /health/live took at the same time, which needs nothing, is added.
 */
function expectBounds({ samples, knownFrom, backAt }: Outage, reads: readonly Read[], deadlineMs: number): void {
  const refused = samples.filter(({ code }) => code === 'QUEUE_UNAVAILABLE');
  const whileKnown = ({ sentAt }: { sentAt: number }): boolean => sentAt >= knownFrom && sentAt < backAt;
  const known = refused.filter(whileKnown);
  const live = reads.filter(({ path }) => path === 'live');
  if (refused.length > 0) expect(p99(refused)).toBeLessThan(deadlineMs + 100 + p99(live));
  if (known.length > 0) expect(p99(known)).toBeLessThan(50 + p99(live.filter(whileKnown)));
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
  { deadlineMs, lastsMs = 3000, org = stack.org }: OutageOptions,
): Promise<Outage> {
  const known = await org.start(stack.workflowId);
  expect(known.status).toBe(201);
  const reads = startReads(org, known.body.run.id);
  const load = startRuns(stack, org);
  let outage: Outage;
  try {
    outage = await driveThrough(load, fault, lastsMs);
  } finally {
    await load.stop();
  }
  const read = await reads.stop();
  await stack.age();
  await stack.settled();
  // The figures of the test report: how many of each answer, and how fast.
  console.info(`${fault.name}: ${figures(outage.samples, outage.knownFrom)}`);
  expect(read.filter(({ status }) => status !== 200)).toEqual([]);
  await expectPromisesKept(stack, outage.samples);
  const reasons = new Set(outage.samples.flatMap(({ reason }) => (reason === null ? [] : [reason])));
  expect([...reasons].filter((reason) => !fault.reasons.some((expected) => expected === reason))).toEqual([]);
  expectBounds(outage, read, deadlineMs);
  return outage;
}

/** During the outage there were refusals, and once it was known nothing but refusals. */
export function expectRefusedThroughout({ samples, knownFrom, backAt }: Outage): void {
  const during = samples.filter(({ sentAt }) => sentAt >= knownFrom && sentAt < backAt);
  expect(during.length).toBeGreaterThan(20);
  expect(during.filter(({ code }) => code !== 'QUEUE_UNAVAILABLE')).toEqual([]);
}
