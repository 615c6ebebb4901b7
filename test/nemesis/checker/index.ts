/** The twelve invariants of design section 6, and what holds besides them, each with what breaks it. */
import { findProblems } from '../../support/run-problems.ts';
import { BACKOFF_MS } from '../stack/index.ts';
import type { World } from '../load/world.ts';
import { acceptedRunsEnd, refusedRunsNeverRun } from './accepted.ts';
import type { Facts } from './facts.ts';
import { callersSeeOneStory } from './lifecycle.ts';
import {
  cancelledRunsStop,
  orgsAreApart,
  redisIsEmpty,
  schedulesFireOnce,
  versionsAreCurrent,
} from './others.ts';
import { oneAttemptWrites, recordedOnce } from './recorded.ts';

export interface Verdict {
  invariant: string;
  problems: string[];
}

/** Problems of single runs that break invariant 6, and 7; the others break 3. */
const ABOUT_ATTEMPTS = /attempt|before the run was due/;
const ABOUT_TERMINALS = /terminal|created|was started|finished|numbers?\b|counted|end of a run/;

/** No answer tells of an error inside the service. */
const answersAreClean = ({ journal }: Facts): string[] =>
  journal.answers
    .filter(({ status }) => status === 500)
    .map(({ request, code }) => `${request}: 500 ${code}`);

/** Judges everything. */
export async function judge(world: World, facts: Facts): Promise<Verdict[]> {
  const { sql, fleet } = world.stack;
  const ofRuns = await findProblems({
    sql,
    processes: fleet.processes,
    killed: true,
    minBackoffMs: BACKOFF_MS,
  });
  const attempts = ofRuns.filter((problem) => ABOUT_ATTEMPTS.test(problem));
  const terminals = ofRuns.filter((problem) => !attempts.includes(problem) && ABOUT_TERMINALS.test(problem));
  const moves = ofRuns.filter((problem) => !attempts.includes(problem) && !terminals.includes(problem));
  return [
    { invariant: '1 every accepted run ends', problems: acceptedRunsEnd(facts) },
    { invariant: '2 nothing of a refused request runs or remains', problems: refusedRunsNeverRun(facts) },
    {
      invariant: '3 status moves along the graph, terminal is final',
      problems: [...moves, ...callersSeeOneStory(facts)],
    },
    { invariant: '4 one attempt at a time writes', problems: oneAttemptWrites(facts) },
    { invariant: '5 what is recorded is not computed again', problems: recordedOnce(facts) },
    { invariant: '6 attempts and backoff keep their bounds', problems: attempts },
    { invariant: '7 one terminal event, times in order', problems: terminals },
    { invariant: '8 nothing crosses an org', problems: orgsAreApart(facts) },
    { invariant: '9 a fire time makes one run at most', problems: schedulesFireOnce(facts) },
    { invariant: '10 no step begins 2 s after a cancellation', problems: cancelledRunsStop(facts) },
    { invariant: '11 Redis holds what is queued', problems: redisIsEmpty(facts) },
    { invariant: '12 the version is that of the acceptance', problems: versionsAreCurrent(facts) },
    { invariant: 'no answer is a 500', problems: answersAreClean(facts) },
    { invariant: 'processes end as they are asked to', problems: [...fleet.problems] },
  ];
}
