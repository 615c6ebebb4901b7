/** What a run of the suite tells: its figures, and what broke. */
import type { SuiteResult } from './suite.ts';

const MAX_PROBLEMS = 8;

function counts(values: readonly string[]): string {
  const found = new Map<string, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  const sorted = [...found].sort(([left], [right]) => left.localeCompare(right));
  return sorted.map(([value, count]) => `${value} ${count}`).join(', ');
}

/** Runs that a 201 was given for. */
export const acceptedOf = ({ facts }: SuiteResult): number =>
  new Set(facts.journal.starts.filter(({ status }) => status === 201).map(({ runId }) => runId)).size;

/** How often each fault was done. */
export function faultCounts({ faults }: SuiteResult): Map<string, number> {
  const found = new Map<string, number>();
  for (const { kind } of faults) found.set(kind, (found.get(kind) ?? 0) + 1);
  return found;
}

const isStart = (request: string): boolean => /\/runs(\/batch)?$/.test(request) && request.startsWith('POST');

/** `GET …/runs/:id` without what all of them have. */
const nameOf = (request: string): string => request.replace('/v1/orgs/:id', '…');

/** Lines of figures. */
export function figures(result: SuiteResult): string[] {
  const { facts, features } = result;
  const { starts, answers } = facts.journal;
  const answerOf = ({ status, code }: { status: number; code: string | null }): string =>
    status === 0 ? 'no answer' : [status, code].filter((part) => part !== null).join(' ');
  const effects = [...facts.effects.values()].flat();
  const again = effects.filter(({ call, status }) => call > 1 && status === 200).length;
  const eventsOf = (event: string): number => facts.logs.filter((line) => line.event === event).length;
  const without = Object.entries(features).filter(([, has]) => !has);
  return [
    `starts: ${acceptedOf(result)} accepted; answers: ${counts(starts.map(answerOf))}`,
    `other answers: ${counts(answers.filter(({ request }) => !isStart(request)).map(({ request, status }) => `${nameOf(request)} ${status}`))}`,
    `runs: ${counts([...facts.runs.values()].map(({ status }) => status))}; by start: ${counts([...facts.runs.values()].map(({ trigger }) => trigger))}`,
    `by kind: ${counts([...facts.runs.values()].map(({ kind }) => kind))}; ${[...facts.emitted.values()].length} events emitted`,
    `effects: ${effects.length} calls, ${again} of them again (the step in flight, or tried again)`,
    `logs: ${['orphaned', 'fenced', 'requeued', 'retried'].map((name) => `${eventsOf(`workflow_run_${name}`)} ${name}`).join(', ')}`,
    `faults: ${counts(result.faults.map(({ kind }) => kind))}`,
    `every run had ended ${(result.drainedMs / 1000).toFixed(1)} s after the load; Redis holds ${facts.redisKeys.length} keys`,
    ...(without.length > 0 ? [`not in this release: ${without.map(([name]) => name).join(', ')}`] : []),
  ];
}

/** One line an invariant, and the first of what breaks it. */
export const verdictLines = ({ verdicts }: SuiteResult): string[] =>
  verdicts.flatMap(({ invariant, problems }) => [
    `${problems.length === 0 ? 'ok    ' : 'FAILED'} ${invariant}${problems.length === 0 ? '' : ` (${problems.length})`}`,
    ...problems.slice(0, MAX_PROBLEMS).map((problem) => `         ${problem}`),
  ]);
