/** The checker of the fault suite notices what it is there for: each invariant broken in a story that is sound otherwise. */
import { describe, expect, it } from 'vitest';
import { acceptedRunsEnd, refusedRunsNeverRun } from '../../nemesis/checker/accepted.ts';
import type { EffectFact, Facts, RunFact, TimelineFact } from '../../nemesis/checker/facts.ts';
import { callersSeeOneStory } from '../../nemesis/checker/lifecycle.ts';
import {
  cancelledRunsStop,
  orgsAreApart,
  redisIsEmpty,
  schedulesFireOnce,
  versionsAreCurrent,
} from '../../nemesis/checker/others.ts';
import { oneAttemptWrites, recordedOnce } from '../../nemesis/checker/recorded.ts';
import { kindsOfLoad } from '../../nemesis/load/definitions.ts';
import { createJournal, type StartRecord } from '../../nemesis/load/journal.ts';

const RUN = 'run-1';

const run = (over: Partial<RunFact> = {}): RunFact => ({
  id: RUN,
  org_id: 'org-1',
  workflow_id: 'workflow-1',
  version: 1,
  kind: 'waiting',
  status: 'succeeded',
  trigger: 'api',
  label: 'label-1',
  lease: 1,
  attempt_count: 1,
  max_attempts: 3,
  output: { tag: 1, steps: ['one 1', 'two 1'] },
  error: null,
  parent_run_id: null,
  rerun_of: null,
  schedule_id: null,
  fire_key: null,
  created_ms: 0,
  ...over,
});

const start = (over: Partial<StartRecord> = {}): StartRecord => ({
  label: 'label-1',
  orgId: 'org-1',
  kind: 'waiting',
  keyed: false,
  replayed: false,
  sentAt: 900,
  answeredAt: 950,
  status: 201,
  code: null,
  runId: RUN,
  version: 1,
  ...over,
});

const effect = (step: string, stage: number, startedAt: number, call = 1): EffectFact => ({
  key: `${RUN}/${step}`,
  step,
  stage,
  call,
  startedAt,
  status: 200,
  answeredAt: startedAt + 10,
  abandonedAt: null,
  headers: {},
  body: '',
  runId: RUN,
  label: 'label-1',
});

const completed = (name: string, id: number, atMs: number): TimelineFact => ({
  org_id: 'org-1',
  id,
  type: 'task_completed',
  kind: 'call',
  task: `/do/${name}`,
  name,
  at: new Date(atMs).toISOString(),
});

/** One run of the kind `waiting`, as it ought to be, and what a test changes of it. */
function story(change: (facts: Facts) => void = () => {}): Facts {
  const facts: Facts = {
    journal: { ...createJournal(), starts: [start()] },
    runs: new Map([[RUN, run()]]),
    byLabel: new Map([['label-1', [run()]]]),
    timelines: new Map([[RUN, [completed('one', 1, 1010), completed('two', 2, 3010)]]]),
    effects: new Map([[RUN, [effect('one', 1, 1000), effect('two', 2, 3000)]]]),
    tags: new Map([['workflow-1 1', 1]]),
    kinds: new Map(kindsOfLoad(true).map((kind) => [kind.name, kind])),
    logs: [],
    emitted: new Map(),
    redisKeys: [],
    faults: [],
    drained: { open: [], tookMs: 0 },
    resumedAt: [],
    workflowOrgs: new Map([['workflow-1', 'org-1']]),
    loadMs: 10_000,
  };
  change(facts);
  return facts;
}

const look = (
  runStatus: 'succeeded' | 'running' | 'queued' | null,
  status = 200,
  { attemptCount, atMs } = { attemptCount: 1, atMs: 0 },
) => ({ runId: RUN, sentAt: atMs, answeredAt: atMs, status, runStatus, attemptCount });

/** A caller sees a try counted and then no longer, at 2000. */
const tryTakenBack = (startedAtMs: number) => (facts: Facts) => {
  const at = new Date(startedAtMs).toISOString();
  facts.timelines.get(RUN)?.unshift({ org_id: 'org-1', id: 0, type: 'run_started', attempt: 1, at });
  const seen = look('running', 200, { attemptCount: 1, atMs: 1000 });
  facts.journal.looks.push(seen, look('queued', 200, { attemptCount: 0, atMs: 2000 }));
};

type Check = (facts: Facts) => string[];

const BROKEN: readonly [string, Check, (facts: Facts) => void][] = [
  [
    '1: an accepted run does not end',
    acceptedRunsEnd,
    ({ runs }) => runs.set(RUN, run({ status: 'queued' })),
  ],
  ['1: an accepted run has no row', acceptedRunsEnd, ({ runs }) => runs.clear()],
  [
    '1: one request made two runs',
    acceptedRunsEnd,
    ({ byLabel }) => byLabel.set('label-1', [run(), run({ id: 'run-2' })]),
  ],
  [
    '1: a run ends in a way that its definition does not have',
    acceptedRunsEnd,
    ({ runs }) => runs.set(RUN, run({ status: 'failed' })),
  ],
  [
    '2: a refused run stands',
    refusedRunsNeverRun,
    ({ journal, effects }) => {
      journal.starts = [start({ status: 503, code: 'QUEUE_UNAVAILABLE', runId: null })];
      effects.clear();
    },
  ],
  [
    '2: a step of a refused run ran',
    refusedRunsNeverRun,
    ({ journal, byLabel }) => {
      journal.starts = [start({ status: 503, code: 'QUEUE_UNAVAILABLE', runId: null })];
      byLabel.clear();
    },
  ],
  ['2: steps of a run without a row ran', refusedRunsNeverRun, ({ runs }) => runs.clear()],
  [
    '3: a terminal run goes on',
    callersSeeOneStory,
    ({ journal }) => journal.looks.push(look('succeeded'), look('running')),
  ],
  ['3: a try that had begun is no longer counted', callersSeeOneStory, tryTakenBack(900)],
  [
    '3: a try that a worker has begun is no longer counted',
    callersSeeOneStory,
    (facts) => {
      tryTakenBack(2500)(facts);
      const time = new Date(900).toISOString();
      facts.logs.push({ event: 'workflow_run_started', runId: RUN, attemptCount: 1, time });
    },
  ],
  [
    '3: two tries are no longer counted',
    callersSeeOneStory,
    ({ journal }) => {
      const looks = [2, 0].map((attemptCount) => look('running', 200, { attemptCount, atMs: 0 }));
      journal.looks.push(...looks);
    },
  ],
  ['3: an accepted run vanishes', callersSeeOneStory, ({ journal }) => journal.looks.push(look(null, 404))],
  [
    '4: a result is recorded twice',
    oneAttemptWrites,
    ({ timelines }) => timelines.get(RUN)?.push(completed('one', 3, 3020)),
  ],
  [
    '5: a recorded step runs again',
    recordedOnce,
    ({ effects }) => effects.get(RUN)?.push(effect('one', 1, 4000, 2)),
  ],
  [
    '5: the output tells what nothing answered',
    recordedOnce,
    ({ runs }) => runs.set(RUN, run({ output: { tag: 1, steps: ['one 2', 'two 1'] } })),
  ],
  [
    '5: a result is missing in the output',
    recordedOnce,
    ({ runs }) => runs.set(RUN, run({ output: { tag: 1, steps: ['two 1'] } })),
  ],
  ['8: a run belongs to another org', orgsAreApart, ({ runs }) => runs.set(RUN, run({ org_id: 'org-2' }))],
  [
    '8: a foreign key is answered',
    orgsAreApart,
    ({ journal }) => journal.intrusions.push({ what: 'GET', status: 200 }),
  ],
  [
    '9: a fire time makes two runs',
    schedulesFireOnce,
    ({ runs }) => {
      for (const id of ['a', 'b']) runs.set(id, run({ id, schedule_id: 's', fire_key: 'k' }));
    },
  ],
  [
    '10: a step begins after a cancellation',
    cancelledRunsStop,
    ({ journal, runs }) => {
      runs.set(RUN, run({ status: 'cancelled' }));
      journal.cancels.push({ runId: RUN, sentAt: 0, answeredAt: 900, status: 202, runStatus: 'cancelled' });
    },
  ],
  [
    '11: jobs stay in Redis',
    redisIsEmpty,
    (facts) => (facts.redisKeys = Array.from({ length: 100 }, String)),
  ],
  [
    '12: an old version is executed',
    versionsAreCurrent,
    ({ journal }) =>
      journal.publishes.push({ workflowId: 'workflow-1', sentAt: 0, answeredAt: 10, version: 2 }),
  ],
  [
    '12: the output is that of another version',
    versionsAreCurrent,
    ({ tags }) => tags.set('workflow-1 1', 7),
  ],
];

describe('the checker', () => {
  it.each(BROKEN)('notices: %s', (_name, check, change) => {
    expect(check(story())).toEqual([]);
    expect(check(story(change))).not.toEqual([]);
  });

  it('allows that a claim whose answer was lost is taken back with its count', () => {
    expect(callersSeeOneStory(story(tryTakenBack(2500)))).toEqual([]);
  });

  it('allows the step that was in flight when its worker was paused', () => {
    const late = story(({ effects }) => effects.get(RUN)?.push(effect('one', 1, 4000, 2)));
    expect(recordedOnce({ ...late, resumedAt: [3990] })).toEqual([]);
  });
});
