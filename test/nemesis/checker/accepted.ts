/** Invariants 1 and 2: what the answers to starts have promised. */
import { isTerminal } from '../../../lib/db/runs/row.ts';
import type { StartRecord } from '../load/journal.ts';
import type { Facts, RunFact } from './facts.ts';

const groupByLabel = (starts: readonly StartRecord[]): Map<string, StartRecord[]> => {
  const groups = new Map<string, StartRecord[]>();
  for (const start of starts) groups.set(start.label, [...(groups.get(start.label) ?? []), start]);
  return groups;
};

/** Answers after which nothing of the request may stand: contract, section 1, and every 4xx. */
const isRefusal = ({ status, code }: StartRecord): boolean =>
  code === 'QUEUE_UNAVAILABLE' || code === 'DATABASE_UNAVAILABLE' || (status >= 400 && status < 500);

/** How a run that was not cancelled has to end. A run whose worker died in every try may fail. */
function hasWrongEnd({ kinds }: Facts, run: RunFact): boolean {
  if (run.status === 'cancelled') return false;
  const exhausted = run.status === 'failed' && run.attempt_count >= run.max_attempts;
  const expected = kinds.get(run.kind)?.ends ?? 'succeeded';
  return run.status !== expected && !exhausted;
}

/** 1. Every run that stands has ended; every 201 has its row, and each request made one run at most. */
export function acceptedRunsEnd(facts: Facts): string[] {
  const problems: string[] = [];
  for (const run of facts.runs.values()) {
    if (!isTerminal(run.status)) problems.push(`${run.id} (${run.kind}) is ${run.status} at the end`);
    else if (hasWrongEnd(facts, run)) {
      problems.push(`${run.id} (${run.kind}) is ${run.status}: ${JSON.stringify(run.error)}`);
    }
  }
  for (const [label, answers] of groupByLabel(facts.journal.starts)) {
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ runId }) => runId));
    const rows = facts.byLabel.get(label) ?? [];
    if (ids.size > 1) problems.push(`request ${label} was answered with ${ids.size} runs`);
    if (rows.length > 1) problems.push(`request ${label} made ${rows.length} runs`);
    for (const id of ids) {
      if (id === null || !facts.runs.has(id))
        problems.push(`request ${label}: 201 for ${id}, and there is no row`);
    }
  }
  for (const { status, runId } of facts.journal.reruns) {
    if (status === 201 && (runId === null || !facts.runs.has(runId))) {
      problems.push(`a rerun was answered 201 for ${runId}, and there is no row`);
    }
  }
  return problems;
}

/** 2. Nothing is left of a request that was refused; whatever was executed has its row. */
export function refusedRunsNeverRun(facts: Facts): string[] {
  const problems: string[] = [];
  const begunLabels = new Set([...facts.effects.values()].flat().map(({ label }) => label));
  for (const [label, answers] of groupByLabel(facts.journal.starts)) {
    if (!answers.every(isRefusal)) continue;
    const codes = answers.map(({ code }) => code).join(', ');
    const [row] = facts.byLabel.get(label) ?? [];
    if (row !== undefined)
      problems.push(`request ${label} was refused (${codes}), and run ${row.id} stands: ${row.status}`);
    if (begunLabels.has(label)) problems.push(`request ${label} was refused (${codes}), and steps of it ran`);
  }
  const reruns = new Set([...facts.runs.values()].map(({ rerun_of: source }) => source));
  for (const { code, sourceId } of facts.journal.reruns) {
    if (code === 'QUEUE_UNAVAILABLE' && reruns.has(sourceId))
      problems.push(`a rerun of ${sourceId} was refused, and it stands`);
  }
  for (const runId of facts.effects.keys()) {
    if (!facts.runs.has(runId)) problems.push(`steps of ${runId} ran, and there is no row`);
  }
  return problems;
}
