/** What is wrong with runs, read from their rows, their timelines and the logs of the processes (design, section 6). */
import type postgres from 'postgres';
import { isTerminal, type RunStatus } from '../../lib/db/runs/row.ts';
import type { LogLine } from './launch.ts';

export interface InvariantSources {
  sql: postgres.Sql;
  /** Every API and worker that worked on the database. */
  processes: readonly { logs: LogLine[] }[];
  /** A process was killed: what it did last may be missing in its log. */
  killed?: boolean;
  /** WORKFLOW_RETRY_BACKOFF_MS of the workers. */
  minBackoffMs?: number;
}

interface RunFacts {
  id: string;
  status: RunStatus;
  attempt_count: number;
  max_attempts: number;
  timeline_count: number;
  has_error: boolean;
  created_ms: number;
  started_ms: number | null;
  finished_ms: number | null;
  next_ms: number | null;
  resuming: boolean;
}

interface Entry {
  id: number;
  type: string;
  at: string;
  attempt?: number;
  until?: string;
}

const TERMINAL_ENTRY: Readonly<Record<string, RunStatus>> = {
  run_succeeded: 'succeeded',
  run_failed: 'failed',
  run_cancelled: 'cancelled',
};

/** Tolerance between the database's clock and what a worker extrapolates from it, ms. */
const CLOCK_SLACK_MS = 20;

async function readRuns(sql: postgres.Sql): Promise<RunFacts[]> {
  return sql<RunFacts[]>`
    SELECT id, status, attempt_count, max_attempts, timeline_count, error IS NOT NULL AS has_error, resuming,
      (EXTRACT(EPOCH FROM created_at) * 1000)::float8 AS created_ms,
      (EXTRACT(EPOCH FROM started_at) * 1000)::float8 AS started_ms,
      (EXTRACT(EPOCH FROM finished_at) * 1000)::float8 AS finished_ms,
      (EXTRACT(EPOCH FROM next_attempt_at) * 1000)::float8 AS next_ms
    FROM workflow_runs ORDER BY id`;
}

async function readTimelines(sql: postgres.Sql): Promise<Map<string, Entry[]>> {
  const rows = await sql<{ run_id: string; first: number; entries: Omit<Entry, 'id'>[] }[]>`
    SELECT run_id, first, entries FROM workflow_run_events ORDER BY run_id, first`;
  const timelines = new Map<string, Entry[]>();
  for (const { run_id: runId, first, entries } of rows) {
    const known = timelines.get(runId) ?? [];
    timelines.set(runId, known);
    entries.forEach((entry, index) => known.push({ ...entry, id: first + index }));
  }
  return timelines;
}

function rowProblems(run: RunFacts): string[] {
  const ended = isTerminal(run.status);
  const { created_ms: created, started_ms: started, finished_ms: finished } = run;
  return [
    run.attempt_count > run.max_attempts && 'more attempts than allowed',
    started !== null && started < created && 'started before it was created',
    finished !== null && finished < (started ?? created) && 'finished before it was started',
    ended !== (finished !== null) && `finished_at does not fit ${run.status}`,
    ended && run.next_ms !== null && 'ended, and to be run later',
    run.has_error !== (run.status === 'failed') && `error does not fit ${run.status}`,
    started === null && !['queued', 'suspended', 'cancelled'].includes(run.status) && 'was never started',
    run.attempt_count > 0 !== (started !== null) && 'attempts do not fit started_at',
  ].filter((problem) => problem !== false);
}

/** Numbers 1…n without a gap; a terminal run has one terminal entry, at the very end, that fits its status. */
function numberingProblems(run: RunFacts, entries: readonly Entry[]): string[] {
  const problems: string[] = [];
  entries.forEach(({ id }, index) => {
    if (id !== index + 1) problems.push(`entry ${index + 1} of the timeline has the number ${id}`);
  });
  if (entries.length !== run.timeline_count) {
    problems.push(`${entries.length} entries, but ${run.timeline_count} are counted`);
  }
  const terminal = entries.filter(({ type }) => type in TERMINAL_ENTRY);
  if (terminal.length !== (isTerminal(run.status) ? 1 : 0)) {
    problems.push(`${terminal.length} terminal entries, and the run is ${run.status}`);
  }
  const [last] = terminal;
  if (last !== undefined && (TERMINAL_ENTRY[last.type] !== run.status || last !== entries.at(-1))) {
    problems.push(`${last.type} is not the end of a run that is ${run.status}`);
  }
  return problems;
}

/** What may follow in the timeline, by what the last entry about the run itself has left. */
type Phase = 'queued' | 'running' | 'waiting' | 'backing_off' | 'handed_over' | 'ended';

const STEPS: Readonly<Record<string, { from: readonly Phase[]; to: Phase }>> = {
  // From `running`: the attempt before died with its worker.
  run_started: { from: ['queued', 'running', 'waiting', 'backing_off', 'handed_over'], to: 'running' },
  run_waiting: { from: ['running', 'waiting', 'handed_over'], to: 'waiting' },
  run_retried: { from: ['running', 'waiting', 'handed_over'], to: 'backing_off' },
  run_handed_over: { from: ['running', 'waiting', 'handed_over'], to: 'handed_over' },
  run_requeued: { from: ['queued', 'running', 'waiting', 'backing_off', 'handed_over'], to: 'queued' },
  run_succeeded: { from: ['running', 'waiting', 'handed_over'], to: 'ended' },
  run_failed: { from: ['queued', 'running', 'waiting', 'handed_over'], to: 'ended' },
  run_cancelled: { from: ['queued', 'running', 'waiting', 'backing_off', 'handed_over'], to: 'ended' },
};

/** The statuses that the timeline tells of move only along the graph; nothing runs while the run waits. */
function graphProblems(entries: readonly Entry[], minBackoffMs: number): string[] {
  const problems: string[] = [];
  let phase: Phase = 'queued';
  let notBefore = 0;
  let attempts = 0;
  let retries = 0;
  for (const entry of entries) {
    // Wherever a run was when it was suspended, it is there again when it is resumed.
    if (['run_suspended', 'run_resumed'].includes(entry.type)) continue;
    const at = Date.parse(entry.at);
    if (at < notBefore - CLOCK_SLACK_MS && !['run_cancelled', 'run_requeued'].includes(entry.type)) {
      problems.push(`${entry.type} (${entry.id}) ${notBefore - at} ms before the run was due`);
    }
    const step = STEPS[entry.type];
    if (step === undefined) {
      if (!['running', 'waiting', 'handed_over'].includes(phase))
        problems.push(`${entry.type} while ${phase}`);
      continue;
    }
    if (!step.from.includes(phase)) problems.push(`${entry.type} (${entry.id}) while ${phase}`);
    phase = step.to;
    if (entry.type === 'run_started') {
      if ((entry.attempt ?? 0) <= attempts) problems.push(`attempt ${entry.attempt} after ${attempts}`);
      attempts = entry.attempt ?? 0;
    }
    if (entry.type === 'run_retried') retries += 1;
    notBefore = phase === 'waiting' ? Date.parse(entry.until ?? entry.at) : 0;
    if (phase === 'backing_off') notBefore = at + minBackoffMs * 2 ** (retries - 1);
  }
  return problems;
}

const TERMINAL_EVENT: Readonly<Record<string, RunStatus>> = {
  workflow_run_succeeded: 'succeeded',
  workflow_run_failed: 'failed',
  workflow_run_cancelled: 'cancelled',
};

/** One terminal event, that of the status; an attempt begins once. */
function logProblems(run: RunFacts, lines: readonly LogLine[], killed: boolean): string[] {
  const problems: string[] = [];
  const terminal = lines.filter(({ event }) => (event ?? '') in TERMINAL_EVENT);
  const expected = isTerminal(run.status) ? 1 : 0;
  if (terminal.length !== expected && !(killed && terminal.length === 0)) {
    problems.push(`${terminal.length} terminal events in the logs, and the run is ${run.status}`);
  }
  for (const { event } of terminal) {
    if (TERMINAL_EVENT[event ?? ''] !== run.status) problems.push(`${event} of a run that is ${run.status}`);
  }
  const begun = lines
    .filter(({ event }) => event === 'workflow_run_started')
    .map((line) => line['attemptCount']);
  if (new Set(begun).size !== begun.length) problems.push(`attempts begun: ${begun.join(', ')}`);
  const most = Math.max(0, ...begun.map(Number));
  if (most > run.attempt_count) problems.push(`attempt ${most} was begun, ${run.attempt_count} are counted`);
  return problems;
}

/** What is wrong with any run of the database, each with the id of its run. */
export async function findProblems(sources: InvariantSources): Promise<string[]> {
  const { sql, processes, killed = false, minBackoffMs = 0 } = sources;
  const [runs, timelines] = [await readRuns(sql), await readTimelines(sql)];
  const byRun = new Map<string, LogLine[]>();
  for (const line of processes.flatMap(({ logs }) => logs)) {
    if (typeof line.runId !== 'string') continue;
    const known = byRun.get(line.runId) ?? [];
    byRun.set(line.runId, known);
    known.push(line);
  }
  return runs.flatMap((run) => {
    const entries = timelines.get(run.id) ?? [];
    return [
      ...rowProblems(run),
      ...numberingProblems(run, entries),
      ...graphProblems(entries, minBackoffMs),
      ...logProblems(run, byRun.get(run.id) ?? [], killed),
    ].map((problem) => `${run.id}: ${problem}`);
  });
}
