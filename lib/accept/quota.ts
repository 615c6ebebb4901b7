/** The limit on queued runs (docs/limits.md), before anything is created. */
import type { NewRun } from '../db/runs/insert.ts';
import type { Deps } from '../deps.ts';
import { refused, type AcceptResult } from './outcome.ts';
import { findReplays } from './replay.ts';

interface Admission {
  /** In order: those within the limit, and those whose idempotency key names a run that there is. */
  admitted: NewRun[];
  refusals: Map<NewRun, AcceptResult>;
}

/** @throws what a database throws that is not available: nothing has been created */
export async function withinQuota(deps: Deps, runs: NewRun[]): Promise<Admission> {
  const orgId = runs[0]?.orgId ?? '';
  const room = await deps.limits.takeQueued(orgId, runs.length);
  if (room >= runs.length) return { admitted: runs, refusals: new Map() };
  const replays = await findReplays(deps, runs);
  const admitted: NewRun[] = [];
  const refusals = new Map<NewRun, AcceptResult>();
  let left = room;
  for (const run of runs) {
    const verdict = replays.get(run);
    const isNew = verdict === undefined || verdict.kind === 'expired';
    if (isNew && left === 0) refusals.set(run, refused(deps.limits.quotaExceeded(orgId)));
    else admitted.push(run);
    if (isNew && left > 0) left -= 1;
  }
  return { admitted, refusals };
}
