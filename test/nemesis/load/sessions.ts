/** The callers: each does one thing after the other, chosen by its own random numbers, until the load is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal } from '../../../lib/db/runs/row.ts';
import { createRandom } from '../random.ts';
import { createClient, type Org } from './client.ts';
import { cancel, intrude, list, look, rerun, sendGo, suspendAndResume, watch } from './control.ts';
import { publishVersion } from './publish.ts';
import { chooseWorkflow, startBatch, startRun, type Session } from './start.ts';
import type { World } from './world.ts';

/** Kinds that end without anybody's help. */
const endsAlone = (kind: string): boolean => kind !== 'listening';

interface Scenario {
  weight: number;
  needs?: keyof World['features'];
  play(session: Session): Promise<void>;
}

/** What became of the run that a scenario is about. */
async function withRun(
  session: Session,
  only: (kind: string) => boolean,
  then: (runId: string) => Promise<void>,
): Promise<void> {
  const runId = await startRun(session, chooseWorkflow(session, only));
  if (runId !== null) await then(runId);
}

const isLong = (kind: string): boolean => ['long', 'waiting', 'forking', 'looping', 'parent'].includes(kind);

const SCENARIOS: readonly Scenario[] = [
  { weight: 40, play: async (session) => void (await startRun(session, chooseWorkflow(session, endsAlone))) },
  {
    weight: 14,
    play: async (session) => {
      const size = session.client.random.between(5, 20);
      await startBatch(session, chooseWorkflow(session, endsAlone), size);
    },
  },
  {
    weight: 12,
    play: (session) =>
      withRun(session, isLong, async (runId) => {
        await sleep(session.client.random.between(0, 2500));
        await cancel(session, runId);
        await look(session, runId);
      }),
  },
  {
    weight: 12,
    play: (session) =>
      withRun(session, endsAlone, async (runId) => {
        await watch(session, runId);
        await look(session, runId);
      }),
  },
  { weight: 4, play: (session) => withRun(session, isLong, (runId) => intrude(session, runId)) },
  { weight: 2, play: list },
  { weight: 2, play: publishVersion },
  {
    weight: 8,
    needs: 'suspend',
    play: (session) => withRun(session, isLong, (runId) => suspendAndResume(session, runId)),
  },
  {
    weight: 6,
    needs: 'rerun',
    play: (session) =>
      withRun(
        session,
        (kind) => ['pure', 'failing', 'calling'].includes(kind),
        async (runId) => {
          const status = await watch(session, runId);
          if (status !== null && isTerminal(status)) await rerun(session, runId, status);
        },
      ),
  },
  {
    weight: 6,
    needs: 'events',
    play: (session) =>
      withRun(
        session,
        (kind) => kind === 'listening',
        async (runId) => {
          const status = await watch(session, runId, (reached) => reached === 'waiting');
          const label = session.world.journal.starts.find((start) => start.runId === runId)?.label;
          if (status === 'waiting' && label !== undefined) await sendGo(session, label, `${label}-1`);
        },
      ),
  },
];

function choose(session: Session): Scenario | undefined {
  const { features } = session.world;
  const possible = SCENARIOS.filter(({ needs }) => needs === undefined || features[needs]);
  let left = session.client.random.next() * possible.reduce((sum, { weight }) => sum + weight, 0);
  return possible.find(({ weight }) => (left -= weight) < 0);
}

export interface Sessions {
  /** Begins nothing new and waits for what is under way. */
  stop(): Promise<void>;
}

/** A session of one org, for what is to be done after the load as well. */
export function openSession(
  world: World,
  orgIndex: 0 | 1,
  name: string,
  seed: number,
  isOver: () => boolean,
): Session {
  const [own, other] = [world.orgs[orgIndex], world.orgs[orgIndex === 0 ? 1 : 0]];
  const random = createRandom(seed).branch(name);
  const as = (org: Org) => createClient(world.stack.fleet, org, random, world.journal);
  return { world, client: as(own.org), intruder: as(other.org), own, isOver };
}

/**
 * @param options.count of callers, half of them of either org
 * @param options.pauseMs between two things of one caller, on average
 */
export function startSessions(
  world: World,
  options: { count: number; pauseMs: number; seed: number },
): Sessions {
  let over = false;
  const live = async (session: Session): Promise<void> => {
    while (!over) {
      await sleep(session.client.random.between(0, options.pauseMs * 2));
      if (!over) await choose(session)?.play(session);
    }
  };
  const all = Array.from({ length: options.count }, (_none, index) =>
    live(openSession(world, index % 2 === 0 ? 0 : 1, `caller ${index}`, options.seed, () => over)),
  );
  return {
    stop: async () => {
      over = true;
      await Promise.all(all);
    },
  };
}
