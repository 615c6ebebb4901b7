import { describe, expect, it } from 'vitest';
import type { CloudEvent } from '../../../lib/engine/types.ts';
import { readEvents } from '../../../lib/events/read.ts';
import { openRoute } from '../../../lib/http/route.ts';
import { openTestApp } from '../http/app-under-test.ts';

const probe = openRoute({
  name: 'probe',
  method: 'post',
  paths: ['/events'],
  access: 'public',
  summary: '',
  answers: {},
  handler: async (context) => context.c.json({ events: await readEvents(context) }),
});

interface Answer {
  status: number;
  code?: string;
  detail?: string;
  events?: CloudEvent[];
  errors?: { path: string; message: string }[];
}

const { app } = openTestApp([probe], { maxBodyBytes: 1 << 20 });

async function post(body: unknown, headers: Record<string, string>): Promise<Answer> {
  const content = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const init = { method: 'POST', body: content as RequestInit['body'] & {}, headers };
  const answer = await app.request('/events', init);
  // A problem document, or the events.
  return { ...((await answer.json()) as Answer), status: answer.status };
}

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const MINIMAL = { specversion: '1.0', id: '1', source: '/orders', type: 'com.example.order' };
const BINARY = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': '/orders',
  'ce-type': 'com.example.order',
};

describe('structured mode', () => {
  it('keeps every attribute and the data as they were sent', async () => {
    const event = {
      ...MINIMAL,
      subject: 'a/b',
      time: '2026-01-31T09:30:00.123456Z',
      dataschema: 'https://example.com/schema',
      datacontenttype: 'application/json',
      traceparent: '00-1',
      retries: -3,
      urgent: false,
      data: { a: [1, null, '\u0000'] },
    };
    expect(await post(event, STRUCTURED)).toEqual({ status: 200, events: [event] });
  });

  it('takes an attribute that is null for one that is absent, and null data for data', async () => {
    const { events } = await post({ ...MINIMAL, subject: null, data_base64: null, data: null }, STRUCTURED);
    expect(events).toEqual([{ ...MINIMAL, data: null }]);
  });

  it('takes plain JSON for structured mode, and an array for a batch', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await post({ ...MINIMAL, data: 1 }, json)).events).toEqual([{ ...MINIMAL, data: 1 }]);
    expect((await post([MINIMAL, { ...MINIMAL, id: '2' }], json)).events).toHaveLength(2);
  });

  it('names every attribute that is missing', async () => {
    const { status, code, errors } = await post({}, STRUCTURED);
    expect({ status, code }).toEqual({ status: 422, code: 'VALIDATION_FAILED' });
    expect(errors).toEqual(
      ['/specversion', '/id', '/source', '/type'].map((path) => ({ path, message: 'is required' })),
    );
  });

  it.each([
    ['specversion', '0.3'],
    ['id', ''],
    ['id', 7],
    ['source', 'with space'],
    ['type', 'a\u0000b'],
    ['type', ['a']],
    ['subject', '\ud800'],
    ['time', '2026-02-30T00:00:00Z'],
    ['time', 'yesterday'],
    ['datacontenttype', 'json'],
    ['dataschema', '/relative'],
    ['extension', 1.5],
    ['extension', 2 ** 31],
    ['extension', { deep: true }],
    ['Upper', 'x'],
    ['with-dash', 'x'],
    ['data_base64', 'no base64!'],
    ['data_base64', 7],
  ])('refuses %s %j, pointing to it', async (name, value) => {
    const { status, errors } = await post({ ...MINIMAL, [name]: value }, STRUCTURED);
    expect(status).toBe(422);
    expect(errors?.map(({ path }) => path)).toEqual([`/${name}`]);
  });

  it('refuses texts of more than 2048 characters', async () => {
    const { errors } = await post(
      { ...MINIMAL, source: 'x'.repeat(2049), subject: 'x'.repeat(2048) },
      STRUCTURED,
    );
    expect(errors).toEqual([{ path: '/source', message: 'must have at most 2048 characters' }]);
  });

  it('refuses names that would be no member of an object, and data twice', async () => {
    const text = `{"specversion":"1.0","id":"1","source":"/s","type":"t","__proto__":{"x":1},"a/b":1}`;
    expect((await post(text, STRUCTURED)).errors?.map(({ path }) => path)).toEqual(['/__proto__', '/a~1b']);
    const both = { ...MINIMAL, data: 1, data_base64: 'AAAA' };
    expect((await post(both, STRUCTURED)).errors).toEqual([
      { path: '/data_base64', message: 'must not stand beside data' },
    ]);
  });

  it('refuses what is no object and what is no JSON', async () => {
    expect((await post([MINIMAL], STRUCTURED)).errors).toEqual([
      { path: '', message: 'must be an object: a CloudEvent' },
    ]);
    expect(await post('{', STRUCTURED)).toMatchObject({ status: 400, code: 'INVALID_JSON' });
  });
});

describe('batch mode', () => {
  it('keeps the order, and takes an empty batch', async () => {
    const events = ['3', '1', '2'].map((id) => ({ ...MINIMAL, id }));
    expect((await post(events, BATCH)).events).toEqual(events);
    expect((await post([], BATCH)).events).toEqual([]);
  });

  it('refuses the whole batch for one event, pointing into it', async () => {
    const { status, errors } = await post([MINIMAL, { ...MINIMAL, type: 1 }, 'x'], BATCH);
    expect(status).toBe(422);
    expect(errors?.map(({ path }) => path)).toEqual(['/1/type', '/2']);
  });

  it('refuses more than 1000 events, a batch that is no array, and lists at most 100 errors', async () => {
    const many = Array.from({ length: 1001 }, () => MINIMAL);
    expect((await post(many, BATCH)).errors).toEqual([
      { path: '', message: 'must have at most 1000 events' },
    ]);
    expect((await post(MINIMAL, BATCH)).status).toBe(422);
    expect(
      (
        await post(
          Array.from({ length: 500 }, () => ({})),
          BATCH,
        )
      ).errors,
    ).toHaveLength(100);
  });
});

describe('binary mode', () => {
  it('reads attributes from headers, percent-decoded once, and JSON data', async () => {
    const headers = {
      ...BINARY,
      'ce-subject': 'Euro%20%E2%82%AC%2520',
      'CE-Extension': '"quoted \\"x\\" %41"',
      'content-type': 'application/json; charset=utf-8',
    };
    expect((await post({ total: 3 }, headers)).events).toEqual([
      {
        ...MINIMAL,
        subject: 'Euro €%20',
        extension: 'quoted "x" A',
        datacontenttype: 'application/json; charset=utf-8',
        data: { total: 3 },
      },
    ]);
  });

  it.each([
    ['text/plain', 'text', { data: 'text' }],
    ['application/xml', '<a/>', { data: '<a/>' }],
    ['application/vnd.x+json', '[1]', { data: [1] }],
    ['application/octet-stream', new Uint8Array([0, 255]), { data_base64: 'AP8=' }],
    ['text/plain', new Uint8Array([255]), { data_base64: '/w==' }],
    ['application/json', '', {}],
  ])('reads %s data', async (type, body, data) => {
    const { events } = await post(body, { ...BINARY, 'content-type': type });
    expect(events).toEqual([{ ...MINIMAL, datacontenttype: type, ...data }]);
  });

  it('names the headers that are wrong or missing', async () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': '%FF',
      'ce-type': 't',
      'ce-bad_name': 'x',
      'ce-datacontenttype': 'text/plain',
      'ce-data': 'x',
      'content-type': 'text/plain',
    };
    const { status, errors } = await post('x', headers);
    expect(status).toBe(422);
    expect(errors?.map(({ path }) => path).sort()).toEqual([
      'header/ce-bad_name',
      'header/ce-data',
      'header/ce-datacontenttype',
      'header/ce-id',
      'header/ce-source',
    ]);
  });

  it('refuses a body that its content type calls JSON and that is none', async () => {
    const answer = await post('{', { ...BINARY, 'content-type': 'application/json' });
    expect(answer).toMatchObject({ status: 400, code: 'INVALID_JSON' });
  });
});

describe('what is no CloudEvent', () => {
  it.each(['text/plain', 'application/cloudevents+avro', 'application/xml'])('refuses %s', async (type) => {
    const answer = await post('x', { 'content-type': type });
    expect(answer).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(answer.detail).toContain(type);
  });

  it('refuses a body beyond the limit', async () => {
    const event = { ...MINIMAL, data: 'x'.repeat(2 << 20) };
    expect(await post(event, STRUCTURED)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});
