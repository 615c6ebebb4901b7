/** What callers do with a run that was accepted, and with what is not theirs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal, type Run, type RunStatus } from '../../../lib/db/runs/row.ts';
import { GO_TYPE } from './definitions.ts';
import type { Session } from './start.ts';

/** How long a caller follows a run at most. */
const WATCH_MS = 8000;

export const runPath = ({ client }: Session, runId: string): string =>
  `/v1/orgs/${client.org.id}/runs/${runId}`;

/** One GET. @returns the run's status; null when there was no answer */
export async function look(session: Session, runId: string): Promise<RunStatus | null> {
  const reply = await session.client.ask<{ run: Run }>({ method: 'GET', path: runPath(session, runId) });
  const { sentAt, answeredAt, status } = reply;
  const run = reply.body.run;
  session.world.journal.looks.push({
    runId,
    sentAt,
    answeredAt,
    status,
    runStatus: run?.status ?? null,
    attemptCount: run?.attemptCount ?? null,
  });
  return run?.status ?? null;
}

/** Looks until the run has reached what is asked for, or nobody wants to look any more. */
export async function watch(
  session: Session,
  runId: string,
  isEnough: (status: RunStatus) => boolean = isTerminal,
): Promise<RunStatus | null> {
  const until = Date.now() + WATCH_MS;
  for (;;) {
    const status = await look(session, runId);
    const enough = status !== null && (isEnough(status) || isTerminal(status));
    if (enough || Date.now() > until || session.isOver()) return status;
    await sleep(session.client.random.between(100, 400));
  }
}

export async function cancel(session: Session, runId: string): Promise<void> {
  const reply = await session.client.ask<{ run: Run }>({
    method: 'POST',
    path: `${runPath(session, runId)}/cancel`,
  });
  const { sentAt, answeredAt, status } = reply;
  session.world.journal.cancels.push({
    runId,
    sentAt,
    answeredAt,
    status,
    runStatus: reply.body.run?.status ?? null,
  });
}

/** Asks until there is an answer that is no refusal. @returns whether the service did it */
export async function insist(session: Session, path: string, body?: unknown, headers = {}): Promise<boolean> {
  for (let tries = 0; tries < 8; tries += 1) {
    const { status } = await session.client.ask({
      method: 'POST',
      path,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    if (status !== 0 && status !== 503 && status !== 429) return status < 300;
    await sleep(session.client.random.between(200, 800));
  }
  return false;
}

/** Suspends a run and, most times, resumes it; what stays suspended is resumed at the end of the load. */
export async function suspendAndResume(session: Session, runId: string): Promise<void> {
  if (!(await insist(session, `${runPath(session, runId)}/suspend`))) return;
  await look(session, runId);
  if (session.client.random.chance(0.3)) return;
  await sleep(session.client.random.between(0, 1500));
  await insist(session, `${runPath(session, runId)}/resume`);
}

/** Runs a run that has ended once more. */
export async function rerun(session: Session, sourceId: string, status: RunStatus): Promise<void> {
  const { client, world } = session;
  const reply = await client.ask<{ run: Run; runId: string }>({
    method: 'POST',
    path: `${runPath(session, sourceId)}/rerun`,
    body: { from: status === 'failed' && client.random.chance(0.5) ? 'failed' : 'start' },
  });
  const runId = reply.body.run?.id ?? reply.body.runId ?? null;
  const { sentAt, answeredAt, code } = reply;
  world.journal.reruns.push({ sourceId, sentAt, answeredAt, status: reply.status, code, runId });
}

/** Sends the event for which a run listens. */
export async function sendGo(session: Session, label: string, id: string): Promise<void> {
  const event = {
    specversion: '1.0',
    id,
    source: 'nemesis:clients',
    type: GO_TYPE,
    data: { label },
  };
  const headers = { 'content-type': 'application/cloudevents+json' };
  await insist(session, `/v1/orgs/${session.client.org.id}/events`, event, headers);
}

/** The other org reaches for the run, in every way there is: each has to look as if there was nothing. */
export async function intrude({ client, intruder, world }: Session, runId: string): Promise<void> {
  const [victim, own] = [`/v1/orgs/${client.org.id}`, `/v1/orgs/${intruder.org.id}`];
  const requests = [
    { method: 'GET', path: `${victim}/runs/${runId}` },
    { method: 'GET', path: `${victim}/runs?limit=5` },
    { method: 'GET', path: `${own}/runs/${runId}` },
    { method: 'GET', path: `${own}/runs/${runId}/events` },
    { method: 'POST', path: `${own}/runs/${runId}/cancel` },
  ] as const;
  for (const request of requests) {
    const { status } = await intruder.ask(request);
    world.journal.intrusions.push({ what: `${request.method} ${request.path}`, status });
  }
}

/** Lists what the org has: nothing in it is another's. */
export async function list(session: Session): Promise<void> {
  const { client, world } = session;
  const path = `/v1/orgs/${client.org.id}/runs?limit=100`;
  const { body } = await client.ask<{ items: Run[] }>({ method: 'GET', path });
  const foreign = (body.items ?? []).filter(({ orgId }) => orgId !== client.org.id);
  if (foreign.length > 0)
    world.journal.problems.push(`a list of ${client.org.id} has ${foreign[0]?.id} of another org`);
}
