/** The door before the accept path: what is beyond what the process can serve in time is refused at once. */
import type { NewRun } from '../db/runs/insert.ts';
import type { Deps } from '../deps.ts';
import { weightOf } from '../http/admission.ts';
import { acceptRuns } from './accept.ts';
import type { AcceptResult } from './outcome.ts';

/**
 * Accepts runs of one request, all of one org, while there is room for it.
 * @returns one result a run, in order
 * @throws {ApiError} QUEUE_UNAVAILABLE with `reason: "overloaded"`: nothing was done; and what `acceptRuns` throws
 */
export async function admitRuns(deps: Deps, runs: NewRun[]): Promise<AcceptResult[]> {
  const inputBytes = runs.reduce((sum, run) => sum + run.inputText.length, 0);
  const orgId = runs[0]?.orgId ?? '';
  const leave = deps.overload.admission.enter(orgId, weightOf(runs.length, inputBytes));
  if (leave === null) throw deps.overload.refuse(runs.length);
  try {
    return await acceptRuns(deps, runs);
  } finally {
    leave();
  }
}
