/** Starting runs, as callers do who want them to run: with a key again and again, without one once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../../lib/db/runs/row.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import type { Client, Reply } from './client.ts';
import type { StartRecord } from './journal.ts';
import type { OrgWorld, Workflow, World } from './world.ts';

const MAX_TRIES = 8;
const SHORT_START_MS = 3000;

export interface Session {
  world: World;
  client: Client;
  own: OrgWorld;
  /** With the key of the other org. */
  intruder: Client;
  /** The load is over: nothing new is begun. */
  isOver(): boolean;
}

/** A workflow, by the weights of the kinds. */
export function chooseWorkflow({ client, own }: Session, only?: (kind: string) => boolean): Workflow {
  const workflows = own.workflows.filter(({ kind }) => only?.(kind.name) ?? true);
  const total = workflows.reduce((sum, { kind }) => sum + kind.weight, 0);
  let left = client.random.next() * total;
  for (const workflow of workflows) {
    left -= workflow.kind.weight;
    if (left < 0) return workflow;
  }
  throw new Error('there is no such workflow');
}

type Facts = Pick<StartRecord, 'label' | 'orgId' | 'kind' | 'keyed'>;

function keep(
  session: Session,
  facts: Facts,
  reply: Reply<unknown>,
  run: Partial<Run> | undefined,
  item?: Partial<Problem>,
): void {
  const named = (item ?? (reply.body as { runId?: unknown })) as { runId?: unknown };
  session.world.journal.starts.push({
    ...facts,
    sentAt: reply.sentAt,
    answeredAt: reply.answeredAt,
    replayed: reply.headers.get('idempotency-replayed') === 'true',
    status: run === undefined ? (item?.status ?? reply.status) : 201,
    code: run === undefined ? (item?.code ?? reply.code) : null,
    runId: run?.id ?? (typeof named.runId === 'string' ? named.runId : null),
    version: run?.version ?? null,
  });
}

const runsPath = ({ client }: Session, { id }: Workflow): string =>
  `/v1/orgs/${client.org.id}/workflows/${id}/runs`;

/** The body of a request: some runs start later. */
function bodyOf({ client: { random } }: Session, label: string): Record<string, unknown> {
  const startAt = new Date(Date.now() + random.between(200, SHORT_START_MS)).toISOString();
  return { input: { label }, labels: { request: label }, ...(random.chance(0.1) ? { startAt } : {}) };
}

/** Starts one run. @returns its id, or null when it was not accepted as far as the caller knows */
export async function startRun(session: Session, workflow: Workflow): Promise<string | null> {
  const { world, client } = session;
  const keyed = client.random.chance(0.5);
  const label = world.label();
  const facts = { label, orgId: client.org.id, kind: workflow.kind.name, keyed };
  const body = bodyOf(session, label);
  const headers: Record<string, string> = keyed ? { 'idempotency-key': label } : {};
  const request = { method: 'POST', path: runsPath(session, workflow), body, headers } as const;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const reply = await client.ask<{ run: Run }>(request);
    keep(session, facts, reply, reply.body.run);
    if (reply.status === 201) {
      if (keyed && client.random.chance(0.2)) {
        const again = await client.ask<{ run: Run }>(request);
        keep(session, facts, again, again.body.run);
      }
      return reply.body.run?.id ?? null;
    }
    const mayRepeat = keyed && (reply.status === 0 || reply.status === 503) && !session.isOver();
    if (!mayRepeat) return null;
    await sleep(client.random.between(200, 900));
  }
  return null;
}

interface BatchAnswer {
  items: { run?: Run; problem?: Problem }[];
}

/** Starts many runs of one workflow with one request. @returns the ids of those accepted */
export async function startBatch(session: Session, workflow: Workflow, size: number): Promise<string[]> {
  const { world, client } = session;
  const items = Array.from({ length: size }, () => {
    const label = world.label();
    const keyed = client.random.chance(0.3);
    const facts = { label, orgId: client.org.id, kind: workflow.kind.name, keyed };
    return { facts, item: { ...bodyOf(session, label), ...(keyed ? { idempotencyKey: label } : {}) } };
  });
  const reply = await client.ask<BatchAnswer>({
    method: 'POST',
    path: `${runsPath(session, workflow)}/batch`,
    body: { items: items.map(({ item }) => item) },
  });
  return items.flatMap(({ facts }, index) => {
    const answer = reply.body.items?.[index];
    keep(session, facts, reply, answer?.run, answer?.problem);
    return answer?.run === undefined ? [] : [answer.run.id];
  });
}
