/** Invariants 8 to 12. */
import { SCHEDULE_SECONDS } from '../load/world.ts';
import type { StartRecord } from '../load/journal.ts';
import type { Facts } from './facts.ts';

/** Design, section 6, 10. */
const CANCEL_MS = 2000;
/** What a queue leaves in Redis when nothing is queued: its meta data, its stream, marks and counters. */
const MAX_IDLE_KEYS = 24;

/** 8. Nothing that belongs to one org is read or written by the other. */
export function orgsAreApart(facts: Facts): string[] {
  const problems: string[] = [...facts.journal.problems];
  const orgOfLabel = new Map(facts.journal.starts.map(({ label, orgId }) => [label, orgId]));
  for (const run of facts.runs.values()) {
    const expected = run.label === null ? null : orgOfLabel.get(run.label);
    if (expected !== null && expected !== undefined && run.org_id !== expected) {
      problems.push(`${run.id} of a request of ${expected} belongs to ${run.org_id}`);
    }
    if (facts.workflowOrgs.get(run.workflow_id) !== run.org_id)
      problems.push(`${run.id} runs another org's workflow`);
    const parent = run.parent_run_id === null ? undefined : facts.runs.get(run.parent_run_id);
    if (parent !== undefined && parent.org_id !== run.org_id)
      problems.push(`${run.id} is the child of another org's run`);
    for (const entry of facts.timelines.get(run.id) ?? []) {
      if (entry.org_id !== run.org_id)
        problems.push(`entry ${entry.id} of ${run.id} belongs to ${entry.org_id}`);
    }
    for (const { label } of facts.effects.get(run.id) ?? []) {
      const org = orgOfLabel.get(label);
      if (org !== undefined && org !== run.org_id) problems.push(`${run.id} has the input of ${org}`);
    }
  }
  for (const { what, status } of facts.journal.intrusions) {
    if (![404, 503, 0].includes(status)) problems.push(`${what} with another org's key: ${status}`);
  }
  return problems;
}

/** 9. A fire time makes at most one run. */
export function schedulesFireOnce({ runs, loadMs, drained }: Facts): string[] {
  const problems: string[] = [];
  const fired = [...runs.values()].filter(({ schedule_id: id }) => id !== null);
  const keys = fired.map(({ schedule_id: id, fire_key: key }) => `${id} ${key}`);
  if (new Set(keys).size !== keys.length) problems.push('two runs have one fire time');
  const times = fired.map(({ created_ms: ms }) => ms).sort((left, right) => left - right);
  const most = Math.ceil((loadMs + drained.tookMs) / (SCHEDULE_SECONDS * 1000)) + 2;
  if (times.length > most) problems.push(`${times.length} runs of a schedule where ${most} are possible`);
  return problems;
}

/** 10. No step of a run begins later than 2 s after the answer to its cancellation. */
export function cancelledRunsStop(facts: Facts): string[] {
  const problems: string[] = [];
  for (const { runId, status, runStatus, answeredAt } of facts.journal.cancels) {
    if (runStatus !== 'cancelled' || (status !== 202 && status !== 200)) continue;
    const now = facts.runs.get(runId)?.status;
    if (now !== 'cancelled') problems.push(`${runId} was cancelled (${status}) and is ${now}`);
    for (const { step, startedAt } of facts.effects.get(runId) ?? []) {
      const lateMs = startedAt - answeredAt;
      if (lateMs > CANCEL_MS) problems.push(`${runId}: ${step} began ${lateMs} ms after the cancellation`);
    }
  }
  return problems;
}

/** 11. With nothing queued, Redis holds what a queue needs and no more. */
export function redisIsEmpty({ redisKeys }: Facts): string[] {
  if (redisKeys.length <= MAX_IDLE_KEYS) return [];
  return [`${redisKeys.length} keys in Redis: ${redisKeys.slice(0, 30).join(', ')}`];
}

/** Publishes that were surely over before the start was sent, and that may have been before its answer. */
function versionBounds(
  { journal }: Facts,
  start: StartRecord,
  workflowId: string,
): { least: number; most: number } {
  const publishes = journal.publishes.filter((publish) => publish.workflowId === workflowId);
  const over = publishes.filter(({ answeredAt }) => answeredAt < start.sentAt);
  const begun = publishes.filter(({ sentAt }) => sentAt <= start.answeredAt);
  const unknown = begun.filter(({ version }) => version === null).length;
  const highest = (versions: (number | null)[]): number =>
    Math.max(1, ...versions.map((version) => version ?? 1));
  return {
    least: highest(over.map(({ version }) => version)),
    most: highest(begun.map(({ version }) => version)) + unknown,
  };
}

/** 12. A run executes the version that was current when it was accepted. */
export function versionsAreCurrent(facts: Facts): string[] {
  const problems: string[] = [];
  const first = new Map<string, StartRecord>();
  for (const start of facts.journal.starts) {
    const known = first.get(start.label);
    first.set(
      start.label,
      known === undefined ? start : { ...start, sentAt: Math.min(known.sentAt, start.sentAt) },
    );
  }
  for (const start of first.values()) {
    const run = start.status === 201 ? facts.runs.get(start.runId ?? '') : undefined;
    if (run === undefined) continue;
    const { least, most } = versionBounds(facts, start, run.workflow_id);
    if (run.version < least || run.version > most) {
      problems.push(`${run.id} has version ${run.version}; current were ${least} to ${most}`);
    }
    if (start.version !== run.version) problems.push(`${run.id} was answered with version ${start.version}`);
  }
  for (const run of facts.runs.values()) {
    const tag = run.status === 'succeeded' ? run.output?.tag : undefined;
    const expected = facts.tags.get(`${run.workflow_id} ${run.version}`);
    if (tag !== undefined && tag !== expected)
      problems.push(`${run.id} of version ${run.version} executed ${tag}, not ${expected}`);
  }
  return problems;
}
