/** Invariants 3, 6 and 7: how runs move, as the rows, the timelines, the logs and the clients' looks tell. */
import { isTerminal } from '../../../lib/db/runs/row.ts';
import type { LookRecord } from '../load/journal.ts';
import type { Facts } from './facts.ts';

const byRun = (looks: readonly LookRecord[]): Map<string, LookRecord[]> => {
  const found = new Map<string, LookRecord[]>();
  for (const look of looks) found.set(look.runId, [...(found.get(look.runId) ?? []), look]);
  return found;
};

/** Whether a try of the run had begun by then, as its timeline or a worker's log tells. */
function hadBegun(runId: string, attempt: number, byMs: number, { timelines, logs }: Facts): boolean {
  const announced = (timelines.get(runId) ?? []).some(
    (entry) => entry.type === 'run_started' && entry.attempt === attempt && Date.parse(entry.at) <= byMs,
  );
  const logged = logs.some(
    (line) =>
      line.event === 'workflow_run_started' &&
      line.runId === runId &&
      line['attemptCount'] === attempt &&
      Date.parse(String(line['time'])) <= byMs,
  );
  return announced || logged;
}

/**
 * A try that was counted is gone, although it had begun. A claim whose answer was lost is taken back with its count, as
 * nothing of it had begun.
 */
function hasLostTry(runId: string, before: LookRecord | null, look: LookRecord, facts: Facts): boolean {
  const [then, now] = [before?.attemptCount ?? 0, look.attemptCount ?? 0];
  if (now >= then) return false;
  return now < then - 1 || hadBegun(runId, then, look.answeredAt, facts);
}

/** What one caller saw of one run, look after look. */
function seenProblems(runId: string, looks: readonly LookRecord[], facts: Facts): string[] {
  const problems: string[] = [];
  let before: LookRecord | null = null;
  for (const look of looks) {
    if (look.status === 404) problems.push(`${runId} was accepted, and a GET answered 404`);
    if (look.runStatus === null) continue;
    const seen = before?.runStatus ?? null;
    if (seen !== null && isTerminal(seen) && look.runStatus !== seen) {
      problems.push(`${runId} was ${seen} and then ${look.runStatus}`);
    }
    if (hasLostTry(runId, before, look, facts)) problems.push(`${runId} lost an attempt`);
    before = look;
  }
  const [last, now] = [before?.runStatus ?? null, facts.runs.get(runId)?.status];
  if (last !== null && isTerminal(last) && now !== undefined && now !== last) {
    problems.push(`${runId} was ${last} for its caller and is ${now} in the table`);
  }
  return problems;
}

/** 3, the callers' part: what was terminal for them stays so, and nothing accepted vanishes. */
export const callersSeeOneStory = (facts: Facts): string[] =>
  [...byRun(facts.journal.looks)].flatMap(([runId, looks]) => seenProblems(runId, looks, facts));
