/** CloudEvents come in by every mode, once each, for their own org, and can be listed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudEvent } from '../../../lib/engine/types.ts';
import { openTestApi, type Answer, type TestApi, type TestOrg } from '../../support/api.ts';

interface Sent {
  events: { id: string; source: string; type: string; duplicate: boolean }[];
  code?: string;
}
interface Listed {
  items: { id: string; kind: string; runId: string | null; receivedAt: string; event: CloudEvent }[];
  nextCursor: string | null;
  errors?: { path: string }[];
}

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ routes: ['create-org', 'create-api-key', 'send-events', 'list-events'] });
});
afterAll(() => api.close());

const eventOf = (more: CloudEvent = {}): CloudEvent => ({
  specversion: '1.0',
  id: randomUUID(),
  source: '/shop',
  type: 'order.paid',
  ...more,
});

const send = (org: TestOrg, events: unknown, headers: Record<string, string>): Promise<Answer<Sent>> =>
  api.request('POST', `/v1/orgs/${org.id}/events`, { key: org.key, body: JSON.stringify(events), headers });
const sendOne = (org: TestOrg, event: CloudEvent): Promise<Answer<Sent>> =>
  send(org, event, { 'content-type': 'application/cloudevents+json' });
const sendBatch = (org: TestOrg, events: CloudEvent[]): Promise<Answer<Sent>> =>
  send(org, events, { 'content-type': 'application/cloudevents-batch+json' });
const list = (org: TestOrg, query = ''): Promise<Answer<Listed>> =>
  api.request('GET', `/v1/orgs/${org.id}/events${query}`, { key: org.key });

describe('an event that is accepted', () => {
  it('comes in structured, binary or in a batch, and is listed as it was sent', async () => {
    const org = await api.createOrg();
    const data = { text: '\u0000 "quoted" \\ €' };
    const [structured, inBatch] = [eventOf({ data }), eventOf({ time: '2026-01-31T09:30:00Z', data: 1 })];
    expect((await sendOne(org, structured)).body.events).toEqual([
      { id: structured['id'], source: '/shop', type: 'order.paid', duplicate: false },
    ]);
    expect((await sendBatch(org, [inBatch])).status).toBe(202);
    const binary = await send(org, data, {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'b%20c',
      'ce-source': '/shop',
      'ce-type': 'order.paid',
    });
    expect(binary.status).toBe(202);
    const { items } = (await list(org)).body;
    const fromBinary = eventOf({ id: 'b c', datacontenttype: 'application/json', data });
    expect(items.map(({ event }) => event)).toEqual([fromBinary, inBatch, structured]);
    expect(items.map(({ kind, runId }) => ({ kind, runId }))).toEqual(
      items.map(() => ({ kind: 'received', runId: null })),
    );
    expect(Math.abs(Date.parse(items[0]?.receivedAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('is ignored when it comes again, also within a batch, and when two come at the same time', async () => {
    const org = await api.createOrg();
    const [first, second] = [eventOf(), eventOf()];
    const batch = await sendBatch(org, [first, second, { ...first, type: 'other' }]);
    expect(batch.body.events.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
    expect((await sendOne(org, { ...second, data: 2 })).body.events[0]?.duplicate).toBe(true);
    const elsewhere = { ...first, source: '/other' };
    expect((await sendOne(org, elsewhere)).body.events[0]?.duplicate).toBe(false);
    const batches = Array.from({ length: 50 }, () => eventOf());
    const answers = await Promise.all([sendBatch(org, batches), sendBatch(org, batches.toReversed())]);
    const fresh = answers.flatMap(({ body }) => body.events).filter(({ duplicate }) => !duplicate);
    expect(fresh).toHaveLength(50);
    const { items } = (await list(org, '?limit=200')).body;
    expect(items).toHaveLength(53);
    expect(
      items.find(({ event }) => event['id'] === first['id'] && event['source'] === '/shop')?.event,
    ).toEqual(first);
  });

  it('belongs to its org alone', async () => {
    const [org, other] = [await api.createOrg(), await api.createOrg()];
    const event = eventOf();
    await sendOne(org, event);
    expect((await list(other)).body.items).toEqual([]);
    expect((await sendOne(other, event)).body.events[0]?.duplicate).toBe(false);
    const foreign = { id: org.id, key: other.key, keyId: other.keyId };
    expect((await sendOne(foreign, event)).status).toBe(404);
    expect((await list(foreign)).status).toBe(404);
  });
});

describe('what is refused', () => {
  it('leaves nothing of a batch', async () => {
    const org = await api.createOrg();
    const { status, body } = await sendBatch(org, [eventOf(), eventOf({ type: null })]);
    expect([status, body.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect((await list(org)).body.items).toEqual([]);
  });

  it('needs the scope of each route', async () => {
    const org = await api.createOrg();
    const reader = { ...org, key: (await api.createKey(org, ['runs:read'])).key };
    const writer = { ...org, key: (await api.createKey(org, ['events:write'])).key };
    expect((await sendOne(reader, eventOf())).status).toBe(403);
    expect((await sendOne(writer, eventOf())).status).toBe(202);
    expect((await list(writer)).status).toBe(403);
    expect((await list(reader)).body.items).toHaveLength(1);
  });
});

describe('the list', () => {
  it('is narrowed by type, source, kind and run, and read page by page', async () => {
    const org = await api.createOrg();
    const types = ['a', 'b', 'a', 'b', 'a'];
    await sendBatch(
      org,
      types.map((type, index) => eventOf({ id: String(index), type, source: index < 2 ? '/x' : '/y' })),
    );
    const ids = async (query: string): Promise<unknown[]> =>
      (await list(org, query)).body.items.map(({ event }) => event['id']);
    expect(await ids('?type=a')).toEqual(['4', '2', '0']);
    expect(await ids('?type=a&source=/y')).toEqual(['4', '2']);
    expect(await ids('?kind=emitted')).toEqual([]);
    expect(await ids('?kind=received&limit=1')).toEqual(['4']);
    expect(await ids(`?runId=${randomUUID()}`)).toEqual([]);
    const first = (await list(org, '?type=a&limit=2')).body;
    expect(first.nextCursor).not.toBeNull();
    expect(await ids(`?type=a&limit=2&cursor=${first.nextCursor}`)).toEqual(['0']);
  });

  it('names every part of the query that is wrong', async () => {
    const org = await api.createOrg();
    const { status, body } = await list(org, '?kind=x&runId=1&type=%00');
    expect(status).toBe(422);
    expect(body.errors?.map(({ path }) => path).sort()).toEqual(['query/kind', 'query/runId', 'query/type']);
  });
});
