/** Events reach their subscribers: signed, at least once, and whatever other endpoints do. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../../lib/db/client.ts';
import { markFailed } from '../../../lib/db/events/deliveries.ts';
import { openEgress } from '../../../lib/egress/index.ts';
import { newSigningSecret, sealSigningSecret } from '../../../lib/subscriptions/secret.ts';
import { attemptDelivery } from '../../../worker/duties/delivery.ts';
import type { TestOrg } from '../../support/api.ts';
import { waitUntil } from '../../support/stack.ts';
import { openReceiver, verified, type Receiver } from './receiver.ts';
import {
  BACKOFF_MS,
  openSubscriptionKit,
  storeEvent,
  storeEvents,
  type SubscriptionKit,
} from './subscription-kit.ts';

let receiver: Receiver;
let kit: SubscriptionKit;
let org: TestOrg;

beforeAll(async () => {
  receiver = await openReceiver();
  kit = await openSubscriptionKit();
  // Two workers, as far as deliveries are concerned.
  kit.deliver({ timeoutMs: 1500, maxFailed: 2 });
  kit.deliver({ timeoutMs: 1500, maxFailed: 2 });
});
beforeEach(async () => {
  org = await kit.api.createOrg();
});
afterEach(async () => {
  await kit.sql`UPDATE event_deliveries SET next_attempt_at = NULL`;
});
afterAll(async () => {
  await kit.close();
  await receiver.close();
});

/** Has an event sent that only the last attempt is left for. */
async function sendLast(subscriptionId: string): Promise<void> {
  const eventId = await storeEvent(kit.sql, org.id, 'not.followed', 'x');
  await kit.sql`INSERT INTO event_deliveries (subscription_id, event_id, org_id, attempt_count)
    VALUES (${subscriptionId}, ${eventId}, ${org.id}, 10)`;
}
const ended = (id: string) =>
  waitUntil(
    async () => {
      const { deliveries, disabledAt, disabledReason } = await kit.show(org, id);
      return deliveries.pending === 0 ? { ...deliveries, disabledAt, disabledReason } : null;
    },
    { what: 'nothing is pending' },
  );

it('carries the event in structured mode, signed, under the id of the event', async () => {
  const { id, secret } = await kit.subscribe(org, receiver.url('/signed'), ['com.acme.*']);
  const eventId = await storeEvent(kit.sql, org.id, 'com.acme.ordered', 'Grüße 🎉');
  const [request] = await receiver.reached('/signed');
  if (request === undefined) throw new Error('nothing came');
  expect(verified(secret, request)).toMatchObject({ type: 'com.acme.ordered', data: 'Grüße 🎉' });
  expect(request.id).toBe(eventId);
  expect(request.headers).toMatchObject({
    'content-type': 'application/cloudevents+json',
    'user-agent': 'vespid/test',
  });
  expect(await ended(id)).toMatchObject({ delivered: 1, failed: 0, lastStatus: 204, lastError: null });
  expect((await kit.show(org, id)).deliveries.lastDeliveredAt).not.toBeNull();
});

it('sends an event once to each endpoint that follows its type, and to no other org', async () => {
  const other = await kit.api.createOrg();
  await kit.subscribe(other, receiver.url('/other-org'), ['*']);
  await kit.subscribe(org, receiver.url('/exact'), ['com.acme.a', 'com.acme.*']);
  await kit.subscribe(org, receiver.url('/literal'), ['com.acme._', 'com_acme.*', '%*']);
  await kit.subscribe(org, receiver.url('/all'), ['*']);
  const ids = [
    await storeEvent(kit.sql, org.id, 'com.acme.a', '1'),
    await storeEvent(kit.sql, org.id, 'com.acm', '2'),
  ];
  await storeEvent(kit.sql, other.id, 'com.acme.a', '3');
  const all = await receiver.reached('/all', 2);
  await receiver.reached('/exact');
  expect(all.map(({ id }) => id).toSorted()).toEqual(ids);
  const [only] = await receiver.reached('/other-org');
  expect(JSON.parse(only?.body ?? '')).toMatchObject({ data: '3' });
  await waitUntil(
    async () => (await kit.sql`SELECT FROM event_deliveries WHERE next_attempt_at IS NOT NULL`).length === 0,
    {
      what: 'everything is delivered',
    },
  );
  expect(['/exact', '/literal', '/all', '/other-org'].map((path) => receiver.at(path).length)).toEqual([
    1, 0, 2, 1,
  ]);
});

it('tries again after 500 and a redirect, under the same id with a signature of its own', async () => {
  receiver.answer('/flaky', (call) =>
    call === 1
      ? { status: 500 }
      : call === 2
        ? { status: 302, headers: { location: '/elsewhere' } }
        : { status: 200 },
  );
  const { id, secret } = await kit.subscribe(org, receiver.url('/flaky'), ['*']);
  await storeEvent(kit.sql, org.id, 't', 'x');
  const requests = await receiver.reached('/flaky', 3);
  for (const request of requests) expect(verified(secret, request)).toMatchObject({ data: 'x' });
  expect(new Set(requests.map((request) => request.id)).size).toBe(1);
  const [first, second, third] = requests.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(BACKOFF_MS);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(6 * BACKOFF_MS);
  expect(await ended(id)).toMatchObject({ delivered: 1, failed: 0, lastStatus: 200, lastError: null });
  expect(receiver.at('/elsewhere')).toHaveLength(0);
});

it('tries again after a refused connection', async () => {
  const closed = await openReceiver();
  const url = closed.url('/late');
  await closed.close();
  const { id } = await kit.subscribe(org, url, ['*']);
  await storeEvent(kit.sql, org.id, 't', 'x');
  await waitUntil(
    async () => (await kit.show(org, id)).deliveries.lastError?.includes('refused the connection'),
    {
      what: 'the refusal is shown',
    },
  );
  const late = await openReceiver(Number(new URL(url).port));
  await late.reached('/late');
  expect(await ended(id)).toMatchObject({ delivered: 1, lastStatus: 204, lastError: null });
  await late.close();
});

it('waits as long as Retry-After asks for', async () => {
  receiver.answer('/busy', (call) =>
    call === 1 ? { status: 503, headers: { 'retry-after': '1' } } : { status: 200 },
  );
  await kit.subscribe(org, receiver.url('/busy'), ['*']);
  await storeEvent(kit.sql, org.id, 't', 'x');
  const [first, second] = await receiver.reached('/busy', 2);
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(950);
});

it('gives up after the last attempt; several in a row, with nothing delivered meanwhile, disable it', async () => {
  receiver.answer('/broken', () => ({ status: 500 }));
  const { id } = await kit.subscribe(org, receiver.url('/broken'), ['followed']);
  await sendLast(id);
  expect(await ended(id)).toMatchObject({
    delivered: 0,
    failed: 1,
    lastStatus: 500,
    lastError: 'the endpoint answered 500',
    disabledAt: null,
  });
  await sendLast(id);
  const { failed, disabledReason } = await waitUntil(
    async () => {
      const state = await ended(id);
      return state.disabledAt === null ? null : state;
    },
    { what: 'the subscription is disabled' },
  );
  expect({ failed, disabledReason }).toEqual({
    failed: 2,
    disabledReason:
      '2 events were given up and none arrived meanwhile; the last attempt: the endpoint answered 500',
  });
  await storeEvent(kit.sql, org.id, 'followed', '3');
  expect(await kit.sql`SELECT FROM event_deliveries WHERE subscription_id = ${id}`).toHaveLength(2);
});

it('disables a subscription whose endpoint answers 410, and what is pending ends', async () => {
  receiver.answer('/gone', () => ({ status: 410 }));
  const { id } = await kit.subscribe(org, receiver.url('/gone'), ['*']);
  // At one moment: an event stored after the first answer of 410 would find the subscription disabled.
  await storeEvents(kit.sql, org.id, 't', ['1', '2', '3']);
  const state = await ended(id);
  expect(state).toMatchObject({
    delivered: 0,
    failed: 3,
    disabledReason: 'the endpoint answered 410 (Gone)',
  });
  const before = receiver.at('/gone').length;
  await kit.sql`UPDATE event_deliveries SET next_attempt_at = now() WHERE subscription_id = ${id}`;
  await ended(id);
  expect(receiver.at('/gone').length).toBe(before);
});

it('does not let an endpoint that hangs hold up others; it gets a few at a time', async () => {
  receiver.answer('/hangs', () => ({ status: 'hang' }));
  const slow = await kit.subscribe(org, receiver.url('/hangs'), ['slow']);
  await kit.subscribe(org, receiver.url('/quick'), ['quick']);
  await Promise.all(Array.from({ length: 40 }, () => storeEvent(kit.sql, org.id, 'slow', 'x')));
  await receiver.reached('/hangs', 4);
  const sentAt = Date.now();
  await storeEvent(kit.sql, org.id, 'quick', 'x');
  const [quick] = await receiver.reached('/quick');
  expect((quick?.at ?? 0) - sentAt).toBeLessThan(1000);
  // Two workers, four each.
  expect(receiver.at('/hangs').length).toBeLessThanOrEqual(8);
  await waitUntil(
    async () => (await kit.show(org, slow.id)).deliveries.lastError?.includes('did not answer in time'),
    {
      what: 'the time-out is shown',
    },
  );
});

it('sends again, under the same id, what a worker took and never told the outcome of', async () => {
  receiver.answer('/crash', (call) => ({ status: call === 1 ? 'hang' : 200 }));
  const { id } = await kit.subscribe(org, receiver.url('/crash'), ['*']);
  await storeEvent(kit.sql, org.id, 't', 'x');
  await receiver.reached('/crash');
  // The lease ends while the first attempt is under way, as if its worker had been killed.
  await kit.sql`UPDATE event_deliveries SET next_attempt_at = now() WHERE subscription_id = ${id}`;
  const [first, second] = await receiver.reached('/crash', 2);
  expect(second?.id).toBe(first?.id);
  await ended(id);
  // What the first attempt has to say comes too late.
  const attempt = { subscription_id: id, event_id: first?.id ?? '', attempt_count: 1 };
  await markFailed(kit.sql, attempt, { status: null, error: 'late', delayMs: 0 });
  expect(await ended(id)).toMatchObject({ delivered: 1, failed: 0, lastStatus: 200, lastError: null });
});

it('never sends what a secret of another key would have to sign; it says so and tries again', async () => {
  const { id } = await kit.subscribe(org, receiver.url('/unsigned'), ['*']);
  await kit.sql`UPDATE event_subscriptions SET key_id = 'lost' WHERE id = ${id}`;
  await storeEvent(kit.sql, org.id, 't', 'x');
  await waitUntil(
    async () => (await kit.show(org, id)).deliveries.lastError === 'the signing secret cannot be opened',
    { what: 'the failure is shown' },
  );
  expect(receiver.at('/unsigned')).toHaveLength(0);
  await kit.sql`UPDATE event_subscriptions SET key_id = 'test' WHERE id = ${id}`;
  await receiver.reached('/unsigned');
});

it('forgets deliveries of a subscription that is gone', async () => {
  const { id } = await kit.subscribe(org, receiver.url('/forgotten'), ['*']);
  const direct = openDatabase({
    url: kit.api.databaseUrl,
    timeoutMs: 5000,
    max: 1,
    prepare: true,
    name: 'test',
  });
  await direct`DELETE FROM event_subscriptions WHERE id = ${id}`;
  await direct`INSERT INTO event_deliveries (subscription_id, event_id, org_id)
    SELECT ${id}, gen_random_uuid(), ${org.id} FROM generate_series(1, 1200)`;
  await waitUntil(
    async () => (await direct`SELECT FROM event_deliveries WHERE subscription_id = ${id}`).length === 0,
    { what: 'the deliveries are removed' },
  );
  await direct.end();
  expect(receiver.at('/forgotten')).toHaveLength(0);
});

it('is no failure of the endpoint when the worker ends before the answer', async () => {
  const { deps } = kit.api;
  if (deps.keyring === null) throw new Error('the kit has no keyring');
  const egress = openEgress({ allow: ['127.0.0.1'], maxResponseBytes: 1024, userAgent: 'vespid/test' });
  receiver.answer('/cut', () => ({ status: 'hang' }));
  const id = crypto.randomUUID();
  const sealed = sealSigningSecret(deps.keyring, { orgId: org.id, id }, newSigningSecret());
  const attempt = attemptDelivery(
    { ...deps, egress },
    {
      subscription_id: id,
      event_id: crypto.randomUUID(),
      org_id: org.id,
      attempt_count: 1,
      url: receiver.url('/cut'),
      key_id: sealed.keyId,
      sealed: sealed.sealed,
      body: '{}',
    },
    10_000,
  );
  const cut = receiver.reached('/cut').then(() => egress.close());
  await expect(attempt).rejects.toThrow('failed');
  await cut;
});
