/** One rate offered to one system: what it created, refused and completed, and how long that took. */
import type { Redis } from 'ioredis';
import { residentMb } from '../lib/accounting.ts';
import type { Child } from '../lib/child.ts';
import { percentile } from '../lib/statistics.ts';
import { waitDrained, type System } from '../lib/system.ts';
import type { OpenLoad, OpenResult } from './load.ts';

const MEMORY_LOOK_MS = 250;
/** More than an API lets in at a time, so that its own bound is what holds; fewer at low rates, so that each is used. */
const MAX_CONNECTIONS = 1500;
const MAX_SAMPLES = 20_000;
const DRAIN_TIMEOUT_MS = 180_000;

export interface Point {
  /** Per second, while it was offered. */
  offeredPerSecond: number;
  createdPerSecond: number;
  refusedPerSecond: number;
  completedPerSecond: number;
  /** Found no connection free, or got no answer. */
  lostPerSecond: number;
  /** From the sending of a POST to its 201, ms. */
  createdP50Ms: number;
  createdP99Ms: number;
  /** From the sending of a POST to the end of its run by the database's clock, ms. */
  finishedP50Ms: number;
  finishedP99Ms: number;
  /** From the sending of a POST to its refusal, ms; null: none was refused. */
  refusedP99Ms: number | null;
  /** The most memory that was seen, MB. */
  apiMb: number;
  workerMb: number;
}

export interface Offer {
  system: System;
  redis: Redis;
  load: Child;
  ratePerSecond: number;
  seconds: number;
}

/** The most memory of processes of a system, until it is stopped, MB. */
function watchMemory({ apis, workers }: System): () => { apiMb: number; workerMb: number } {
  const most = { apiMb: 0, workerMb: 0 };
  const look = (): void => {
    for (const { pid } of apis) most.apiMb = Math.max(most.apiMb, residentMb(pid));
    for (const { pid } of workers) most.workerMb = Math.max(most.workerMb, residentMb(pid));
  };
  const timer = setInterval(look, MEMORY_LOOK_MS);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}

/** How long the runs took from the sending of their requests to their ends, ms. */
async function finishedMs({ sql, table }: System, runs: OpenResult['runs']): Promise<number[]> {
  const sent = new Map(runs);
  const rows = await sql<{ id: string; at: number }[]>`
    SELECT id, (EXTRACT(EPOCH FROM finished_at) * 1000)::float8 AS at
    FROM ${sql(table)} WHERE id = ANY(string_to_array(${[...sent.keys()].join()}, ',')::uuid[])`;
  return rows.map(({ id, at }) => at - (sent.get(id) ?? Number.NaN));
}

async function completedBetween({ sql, table }: System, fromMs: number, untilMs: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM ${sql(table)}
    WHERE created_at >= to_timestamp(${fromMs / 1000}) AND finished_at < to_timestamp(${untilMs / 1000})`;
  return row?.count ?? 0;
}

/** Offers requests, waits until what was accepted is done, and reads the figures. */
export async function offer({ system, redis, load, ratePerSecond, seconds }: Offer): Promise<Point> {
  const [target] = system.targets('sets');
  if (target === undefined) throw new Error(`${system.name} has no API`);
  const memory = watchMemory(system);
  const command: OpenLoad = {
    target,
    json: '{}',
    ratePerSecond,
    count: Math.round(ratePerSecond * seconds),
    connections: Math.ceil(Math.min(MAX_CONNECTIONS, ratePerSecond)),
    maxSamples: MAX_SAMPLES,
  };
  const result = await load.ask<OpenResult>(command);
  await waitDrained(system, redis, DRAIN_TIMEOUT_MS);
  const { outcomes, acceptedMs, refusedMs, startedAtMs, endedAtMs } = result;
  const tookSeconds = (endedAtMs - startedAtMs) / 1000;
  const took = await finishedMs(system, result.runs);
  const count = (outcome: string): number => outcomes[outcome] ?? 0;
  const refusals = Object.keys(outcomes).filter((outcome) => /^[45]/.test(outcome));
  return {
    offeredPerSecond: command.count / tookSeconds,
    createdPerSecond: count('201') / tookSeconds,
    refusedPerSecond: refusals.reduce((sum, status) => sum + count(status), 0) / tookSeconds,
    completedPerSecond: (await completedBetween(system, startedAtMs, endedAtMs)) / tookSeconds,
    lostPerSecond: (count('unsent') + count('broken') + count('unanswered')) / tookSeconds,
    createdP50Ms: percentile(acceptedMs, 50),
    createdP99Ms: percentile(acceptedMs, 99),
    finishedP50Ms: percentile(took, 50),
    finishedP99Ms: percentile(took, 99),
    refusedP99Ms: refusedMs.length === 0 ? null : percentile(refusedMs, 99),
    ...memory(),
  };
}
