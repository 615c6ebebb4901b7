/** After the load: every run that stands has to end, helped on only where it waits for a caller. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStatus } from '../../lib/db/runs/row.ts';
import { countJobs } from '../support/redis-jobs.ts';
import { insist, runPath, sendGo } from './load/control.ts';
import { openSession } from './load/sessions.ts';
import type { Session } from './load/start.ts';
import type { World } from './load/world.ts';

const POLL_MS = 500;
/** A listener is told again, should an event have come before it listened. */
const TELL_AGAIN_MS = 4000;
/** By then a job that Redis delivered to a process that died has been looked at again. */
const JOBS_TIMEOUT_MS = 15_000;

interface OpenRun {
  id: string;
  org_id: string;
  status: RunStatus;
  kind: string;
  label: string | null;
}

/** Every run that has not ended. */
const findOpen = ({ stack: { sql } }: World) => sql<OpenRun[]>`
  SELECT r.id, r.org_id, r.status, w.name AS kind, r.labels->>'request' AS label
  FROM workflow_runs r JOIN workflows w ON w.id = r.workflow_id
  WHERE r.finished_at IS NULL ORDER BY r.id`;

/** The reconciler leaves queued runs alone while they are young: an API may still be at them. None is now. */
const age = ({ stack: { sql } }: World) => sql`
  UPDATE workflow_runs SET created_at = created_at - interval '1 hour'
  WHERE status = 'queued' AND lease = 0 AND created_at > now() - interval '1 minute'
    AND COALESCE(next_attempt_at, now()) <= now()`;

/** What callers have left undone. */
async function help(sessions: readonly Session[], open: readonly OpenRun[], round: number): Promise<void> {
  for (const run of open) {
    const session = sessions.find(({ client }) => client.org.id === run.org_id);
    if (session === undefined) continue;
    if (run.status === 'suspended') await insist(session, `${runPath(session, run.id)}/resume`);
    const listens = run.kind === 'listening' && run.status === 'waiting' && run.label !== null;
    if (listens) await sendGo(session, run.label ?? '', `${run.label}-drain-${round}`);
  }
}

async function pauseSchedules(session: Session): Promise<void> {
  const path = `/v1/orgs/${session.client.org.id}/schedules`;
  const { body } = await session.client.ask<{ items: { id: string }[] }>({ method: 'GET', path });
  for (const { id } of body.items ?? []) await insist(session, `${path}/${id}/pause`);
}

export interface Drained {
  /** Runs that have not ended in time. */
  open: OpenRun[];
  tookMs: number;
}

/** Waits until every run has ended and Redis holds no job, at most `timeoutMs` for the runs. */
export async function drain(world: World, seed: number, timeoutMs: number): Promise<Drained> {
  const beganAt = Date.now();
  const sessions = [0, 1].map((org) => openSession(world, org === 0 ? 0 : 1, 'drain', seed, () => false));
  if (world.features.schedules) for (const session of sessions) await pauseSchedules(session);
  let open: OpenRun[] = [];
  let helpedAt = 0;
  let round = 0;
  do {
    await sleep(POLL_MS);
    await age(world);
    open = await findOpen(world);
    if (open.length > 0 && Date.now() - helpedAt > TELL_AGAIN_MS) {
      helpedAt = Date.now();
      await help(sessions, open, (round += 1));
    }
  } while (open.length > 0 && Date.now() - beganAt < timeoutMs);
  const tookMs = Date.now() - beganAt;
  const jobsUntil = Date.now() + JOBS_TIMEOUT_MS;
  while (open.length === 0 && Date.now() < jobsUntil && (await countJobs(world.stack.redis.url)) > 0) {
    await sleep(POLL_MS);
  }
  return { open, tookMs };
}
