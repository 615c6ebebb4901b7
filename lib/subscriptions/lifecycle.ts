/**
 * The life of a run as CloudEvents (DSL reference, Lifecycle Events): each from one entry of its timeline. Names and
 * data as the reference has them; `iteration` and `attempt` are added where the timeline has them.
 */
import type { CloudEvent, Json } from '../engine/types.ts';
import { LIFECYCLE_PREFIX } from './pattern.ts';

/** The run that a timeline tells of. */
export interface LifecycleRun {
  runId: string;
  orgId: string;
  /** Of the definition's `document`. */
  document: { namespace: string; name: string; version: string };
}

/** An entry as the timeline stores it. */
export type LifecycleEntry = { type: string; at: string } & { [member: string]: Json };

/** What became of a run, by the type of the entry: the last part of the event's name, and the name of its time. */
const OF_RUN: ReadonlyMap<string, [name: string, time: string]> = new Map([
  ['run_started', ['started', 'startedAt']],
  ['run_suspended', ['suspended', 'suspendedAt']],
  ['run_resumed', ['resumed', 'resumedAt']],
  ['run_succeeded', ['completed', 'completedAt']],
  ['run_failed', ['faulted', 'faultedAt']],
  ['run_cancelled', ['cancelled', 'cancelledAt']],
]);
const OF_TASK: ReadonlyMap<string, [name: string, time: string]> = new Map([
  ['task_started', ['started', 'startedAt']],
  ['task_completed', ['completed', 'completedAt']],
  ['task_faulted', ['faulted', 'faultedAt']],
  ['task_retried', ['retried', 'retriedAt']],
  ['task_cancelled', ['cancelled', 'cancelledAt']],
]);

const runPath = ({ orgId, runId }: LifecycleRun): string => `/v1/orgs/${orgId}/runs/${runId}`;

/** These members of the entry, as far as it has them. */
const pick = (entry: LifecycleEntry, ...names: string[]): { [member: string]: Json } =>
  Object.fromEntries(
    names.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]] as const])),
  );

/** The part of the event's type after the prefix, and its data; null for what has no event. */
function toNameAndData(
  run: LifecycleRun,
  entry: LifecycleEntry,
): { name: string; data: { [member: string]: Json } } | null {
  const qualifiedName = `${run.document.name}-${run.runId}.${run.document.namespace}`;
  const ofTask = OF_TASK.get(entry.type);
  if (ofTask !== undefined) {
    const [name, time] = ofTask;
    const more = pick(entry, 'error', 'iteration', 'attempt');
    const data = { workflow: qualifiedName, ...pick(entry, 'task'), [time]: entry.at, ...more };
    return { name: `task.${name}`, data };
  }
  const ofRun = OF_RUN.get(entry.type);
  // A run starts once; its further tries are no new start.
  if (ofRun === undefined || (entry.type === 'run_started' && entry['attempt'] !== 1)) return null;
  const [name, time] = ofRun;
  const data = {
    name: qualifiedName,
    ...(name === 'started' && { definition: { ...run.document } }),
    [time]: entry.at,
    ...(name === 'completed' && { outputUri: runPath(run) }),
    ...pick(entry, 'error'),
  };
  return { name: `workflow.${name}`, data };
}

/**
 * The event that an entry stands for; null for entries without one (waits, hand-overs, further tries).
 * @param number of the entry in its timeline: the event's id is the same however often it is made
 */
export function toLifecycleEvent(
  run: LifecycleRun,
  entry: LifecycleEntry,
  number: number,
): CloudEvent | null {
  const made = toNameAndData(run, entry);
  if (made === null) return null;
  return {
    specversion: '1.0',
    id: `${run.runId}/${number}`,
    source: runPath(run),
    type: `${LIFECYCLE_PREFIX}${made.name}.v1`,
    subject: run.runId,
    time: entry.at,
    datacontenttype: 'application/json',
    data: made.data,
  };
}
