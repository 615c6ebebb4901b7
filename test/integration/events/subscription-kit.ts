/** The API in this process with subscriptions, and workers' deliveries beside it. */
import { openEgress } from '../../../lib/egress/index.ts';
import type { Sql } from '../../../lib/db/client.ts';
import { insertDeliveries } from '../../../lib/db/events/deliveries.ts';
import { insertEvents } from '../../../lib/db/events/events.ts';
import type { DeliveryCounts, Subscription } from '../../../lib/db/events/subscriptions.ts';
import { toNewEvent } from '../../../lib/events/store.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import { createDeliverEvents, type DeliverySettings } from '../../../worker/duties/deliver-events.ts';
import { startDuty } from '../../../worker/duties/duty.ts';
import { openTestApi, type TestApi, type TestOrg } from '../../support/api.ts';

export const ROUTES = [
  'create-org',
  'create-api-key',
  'create-subscription',
  'list-subscriptions',
  'get-subscription',
  'delete-subscription',
];

export type Shown = { subscription: Subscription & { deliveries: DeliveryCounts } } & Problem;
export type Created = { subscription: Subscription; secret: string } & Problem;

/** The first delay of retries. */
export const BACKOFF_MS = 20;

export interface SubscriptionKit {
  api: TestApi;
  sql: Sql;
  subscribe(org: TestOrg, url: string, types: string[]): Promise<{ id: string; secret: string }>;
  show(org: TestOrg, id: string): Promise<Shown['subscription']>;
  /** Starts what one worker does; it ends with the kit. */
  deliver(settings?: Partial<DeliverySettings>): void;
  close(): Promise<void>;
}

/** Stores events as if they had come in and been dispatched, all at one moment; the rows' ids. */
export async function storeEvents(sql: Sql, orgId: string, type: string, data: string[]): Promise<string[]> {
  const rows = data.map((each) =>
    toNewEvent(
      { specversion: '1.0', id: crypto.randomUUID(), source: '/test', type, data: each },
      { orgId, kind: 'received', runId: null },
    ),
  );
  const ids = rows.map(({ id }) => id);
  await insertEvents(sql, rows);
  await insertDeliveries(sql, ids);
  return ids;
}

/** One of them; the row's id. */
export async function storeEvent(sql: Sql, orgId: string, type: string, data: string): Promise<string> {
  const [id = ''] = await storeEvents(sql, orgId, type, [data]);
  return id;
}

export async function openSubscriptionKit(): Promise<SubscriptionKit> {
  const api = await openTestApi({
    routes: ROUTES,
    env: { EVENT_RETRY_BACKOFF_MS: String(BACKOFF_MS) },
  });
  const egress = openEgress({ allow: ['127.0.0.1'], maxResponseBytes: 1 << 20, userAgent: 'vespid/test' });
  const stops: (() => Promise<void>)[] = [];
  const pathOf = (org: TestOrg): string => `/v1/orgs/${org.id}/subscriptions`;
  return {
    api,
    sql: api.deps.sql,
    async subscribe(org, url, types) {
      const { body } = await api.request<Created>('POST', pathOf(org), {
        key: org.key,
        json: { url, types },
      });
      return { id: body.subscription.id, secret: body.secret };
    },
    async show(org, id) {
      const { body } = await api.request<Shown>('GET', `${pathOf(org)}/${id}`, { key: org.key });
      return body.subscription;
    },
    deliver(settings = {}) {
      const duty = createDeliverEvents({ ...api.deps, egress }, { everyMs: 20, ...settings });
      const loop = startDuty(duty, () => true, api.deps.log);
      stops.push(() => loop.stop());
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await egress.close();
      await api.close();
    },
  };
}
