/** What processes, Postgres and Redis spend, read from outside (Linux, /proc; INFO; the WAL's position). */
import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type postgres from 'postgres';

/** USER_HZ of proc_pid_stat(5), on every Linux that matters. */
const TICKS_PER_SECOND = 100;

interface Stat {
  parentPid: number;
  /** Its own, in all its threads, ms. */
  ownMs: number;
  /** Of its children that have ended, ms. */
  endedChildrenMs: number;
}

/** Reads `/proc/<pid>/stat` (proc_pid_stat(5)); the name in parentheses may hold anything. */
export function parseStat(text: string): Stat {
  // The first one here is field 3, the state.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const ms = (ticks: number): number => (ticks * 1000) / TICKS_PER_SECOND;
  return {
    parentPid: field(4),
    ownMs: ms(field(14) + field(15)),
    endedChildrenMs: ms(field(16) + field(17)),
  };
}

function readStat(pid: number | string): Stat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** CPU time of a process since its start, ms; 0 when it is gone. */
export const processCpuMs = (pid: number): number => readStat(pid)?.ownMs ?? 0;

/** CPU time of a process and its children, those that have ended included, ms. */
function familyCpuMs(pid: number): number {
  const parent = readStat(pid);
  if (parent === null) return 0;
  let totalMs = parent.ownMs + parent.endedChildrenMs;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(name);
    if (stat?.parentPid === pid) totalMs += stat.ownMs + stat.endedChildrenMs;
  }
  return totalMs;
}

/** Resident memory, MB (10^6 bytes); NaN when the process is gone. */
export function residentMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return Number.NaN;
  }
}

export interface Accounts {
  apiCpuMs: number;
  workerCpuMs: number;
  redisCpuMs: number;
  postgresCpuMs: number;
  loadCpuMs: number;
  /** Of the whole server. */
  walBytes: number;
  redisInputBytes: number;
  /** EVALSHA and EVAL. */
  redisScripts: number;
}

export interface Watched {
  apis: number[];
  workers: number[];
  redisPid: number;
  postgresPid: number;
  loadPid: number;
  redis: Redis;
  sql: postgres.Sql;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** All counters as they stand. */
export async function readAccounts(watched: Watched): Promise<Accounts> {
  const [row] = await watched.sql<{ bytes: string }[]>`SELECT pg_current_wal_lsn() - '0/0' AS bytes`;
  const stats = await watched.redis.info('stats');
  const commands = await watched.redis.info('commandstats');
  const calls = [...commands.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].map((match) =>
    Number(match[1]),
  );
  return {
    apiCpuMs: sum(watched.apis.map(processCpuMs)),
    workerCpuMs: sum(watched.workers.map(processCpuMs)),
    redisCpuMs: processCpuMs(watched.redisPid),
    postgresCpuMs: familyCpuMs(watched.postgresPid),
    loadCpuMs: processCpuMs(watched.loadPid),
    walBytes: Number(row?.bytes),
    redisInputBytes: Number(/^total_net_input_bytes:(\d+)/m.exec(stats)?.[1]),
    redisScripts: sum(calls),
  };
}

/** What was spent between two readings, per run. */
export function perRun(before: Accounts, after: Accounts, runs: number): Accounts {
  const names = Object.keys(before) as (keyof Accounts)[];
  // Object.keys of an Accounts names exactly its members.
  return Object.fromEntries(
    names.map((name) => [name, (after[name] - before[name]) / runs]),
  ) as unknown as Accounts;
}
