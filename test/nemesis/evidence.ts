/** Everything that is known of the runs with which something is wrong, for a person to read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteResult } from './suite.ts';

/** Outlives the suite's own folder, and is not in the repository. */
const FOLDER = join(import.meta.dirname, '..', '..', '.vespid');

const MAX_RUNS = 20;
const RUN_ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}/g;

/** Epoch milliseconds as the timeline has them. */
const time = (ms: number | null): string => (ms === null ? 'never' : new Date(ms).toISOString());

function ofRun(runId: string, { facts }: SuiteResult): unknown {
  const { journal } = facts;
  const about = (records: readonly { runId: string | null }[]): unknown[] =>
    records.filter((record) => record.runId === runId);
  return {
    row: facts.runs.get(runId),
    timeline: facts.timelines.get(runId),
    effects: (facts.effects.get(runId) ?? []).map(
      ({ step, stage, call, startedAt, answeredAt, abandonedAt }) => ({
        step,
        stage,
        call,
        startedAt: time(startedAt),
        answeredAt: time(answeredAt),
        abandonedAt: time(abandonedAt),
      }),
    ),
    starts: about(journal.starts),
    cancels: about(journal.cancels),
    looks: about(journal.looks),
    logs: facts.logs.filter((line) => line.runId === runId),
  };
}

/** The problems, the faults, and the stories of the runs that are named in problems. */
function evidence(result: SuiteResult): string {
  const failed = result.verdicts.filter(({ problems }) => problems.length > 0);
  const named =
    failed
      .flatMap(({ problems }) => problems)
      .join('\n')
      .match(RUN_ID) ?? [];
  const runIds = [...new Set(named)].filter((id) => result.facts.runs.has(id)).slice(0, MAX_RUNS);
  const faults = result.faults.map((fault) => ({
    ...fault,
    beganAt: time(fault.beganAt),
    endedAt: time(fault.endedAt),
  }));
  const runs = Object.fromEntries(runIds.map((runId) => [runId, ofRun(runId, result)]));
  return JSON.stringify({ failed, faults, runs }, null, 1);
}

/** Writes what is known of the runs with which something is wrong. @returns the file; null when nothing is wrong */
export function keepEvidence(result: SuiteResult, seed: number): string | null {
  if (result.verdicts.every(({ problems }) => problems.length === 0)) return null;
  const file = join(FOLDER, `faults-${seed}.json`);
  writeFileSync(file, evidence(result));
  return file;
}
