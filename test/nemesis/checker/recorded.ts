/** Invariants 4 and 5: one attempt at a time writes, and what is recorded is not computed again. */
import type { EffectFact, Facts, RunFact, TimelineFact } from './facts.ts';

/** The clock of an attempt goes on from the answer to its claim: it is late by what that answer took. */
const CLOCK_LAG_MS = 2500;
/** A worker that was paused between its last question and the call sends that call when it goes on. */
const AFTER_RESUMPTION_MS = 1000;

/** Whether the effect may be the step that was in flight when its worker was paused. */
const isStale = ({ startedAt }: EffectFact, { resumedAt }: Facts): boolean =>
  resumedAt.some((at) => startedAt >= at && startedAt <= at + AFTER_RESUMPTION_MS);

const placeOf = ({ task, iteration }: TimelineFact): string => `${task} ${JSON.stringify(iteration ?? [])}`;

const isCall = ({ kind }: TimelineFact): boolean => kind?.startsWith('call') === true || kind === 'emit';

/** 4. The entries of a run are those of one attempt after the other: no result is in them twice. */
export function oneAttemptWrites(facts: Facts): string[] {
  const problems: string[] = [];
  for (const [runId, entries] of facts.timelines) {
    const seen = new Set<string>();
    for (const entry of entries) {
      if (entry.type !== 'task_completed' || !isCall(entry)) continue;
      const place = placeOf(entry);
      if (seen.has(place)) problems.push(`${runId}: the result of ${place} was recorded twice`);
      seen.add(place);
    }
    const times = entries.map(({ at }) => Date.parse(at));
    if (!facts.runs.has(runId)) problems.push(`${runId} has a timeline and no row (${times.length} entries)`);
  }
  for (const line of facts.logs) {
    if (line.event !== 'workflow_run_fenced') continue;
    const run = facts.runs.get(String(line.runId));
    if (run !== undefined && run.lease < 2)
      problems.push(`${run.id} was fenced, but only claimed ${run.lease} time(s)`);
  }
  return problems;
}

/** Once a step of a later stage has begun, those of the stages before are recorded. */
function orderProblems(facts: Facts, runId: string, effects: readonly EffectFact[]): string[] {
  const problems: string[] = [];
  let reached = 0;
  for (const effect of effects.toSorted((left, right) => left.startedAt - right.startedAt)) {
    if (effect.stage < reached && !isStale(effect, facts)) {
      problems.push(
        `${runId}: ${effect.step} (stage ${effect.stage}) ran again after stage ${reached} had begun`,
      );
    }
    reached = Math.max(reached, effect.stage);
  }
  return problems;
}

/** No call of a step begins after its result was recorded. */
function repeatedProblems(facts: Facts, run: RunFact, effects: readonly EffectFact[]): string[] {
  const entries = facts.timelines.get(run.id) ?? [];
  return entries
    .filter((entry) => entry.type === 'task_completed' && isCall(entry))
    .flatMap((entry) => {
      const stage = entry.iteration?.[0] === undefined ? null : entry.iteration[0] + 1;
      const later = effects.filter(
        (effect) =>
          effect.step === entry.name &&
          (stage === null || effect.stage === stage) &&
          effect.startedAt > Date.parse(entry.at) + CLOCK_LAG_MS &&
          !isStale(effect, facts),
      );
      return later.map(({ step }) => `${run.id}: ${step} was called after its result had been recorded`);
    });
}

/** What the run's output tells is what its calls were answered, each once, in the order of the definition. */
function outputProblems(facts: Facts, run: RunFact, effects: readonly EffectFact[]): string[] {
  const expected = facts.kinds.get(run.kind)?.steps;
  // A rerun from the failed task keeps results of the run before.
  if (run.status !== 'succeeded' || expected === undefined || run.rerun_of !== null) return [];
  const steps = run.output?.steps ?? [];
  if (steps.map((step) => step.split(' ')[0]).join() !== expected.join()) {
    return [`${run.id} (${run.kind}): its output tells of ${steps.join(', ')}`];
  }
  const answered = new Set(
    effects.filter(({ status }) => status === 200).map(({ step, call }) => `${step} ${call}`),
  );
  return steps
    .filter((step) => !answered.has(step))
    .map((step) => `${run.id}: its output tells of "${step}", which nothing answered`);
}

/** 5. A recorded result is neither computed again nor changed; an event is emitted once. */
export function recordedOnce(facts: Facts): string[] {
  const problems: string[] = [];
  for (const run of facts.runs.values()) {
    const effects = facts.effects.get(run.id) ?? [];
    problems.push(
      ...orderProblems(facts, run.id, effects),
      ...repeatedProblems(facts, run, effects),
      ...outputProblems(facts, run, effects),
    );
    const emits = run.kind === 'emitting' && run.status === 'succeeded' && run.rerun_of === null;
    const emitted = facts.emitted.get(run.label ?? '') ?? 0;
    if (emits && emitted !== 1) problems.push(`${run.id} has emitted ${emitted} events`);
  }
  return problems;
}
