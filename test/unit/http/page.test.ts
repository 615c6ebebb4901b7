import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../lib/errors.ts';
import { readFlag, readPage, readVersionPage, toPage } from '../../../lib/http/page.ts';

const ID = '0198c0de-0000-7000-8000-000000000001';

/** What `read` makes of the query, or the errors it throws. */
async function read(query: string, reader: (c: Parameters<typeof readPage>[0]) => unknown): Promise<unknown> {
  const app = new Hono();
  let result: unknown;
  app.get('/', (c) => {
    try {
      result = reader(c);
    } catch (error) {
      result = error instanceof ApiError ? error.errors : error;
    }
    return c.text('');
  });
  await app.request(`/?${query}`);
  return result;
}

describe('pages', () => {
  it('start at the newest with 50 items when nothing is asked for', async () => {
    expect(await read('', readPage)).toEqual({ limit: 50, before: null });
  });

  it('go on where the page before ended', async () => {
    const rows = [{ id: ID }, { id: 'one too many' }];
    const { items, nextCursor } = toPage(rows, { limit: 1, before: null }, (row) => row.id);
    expect(items).toEqual([{ id: ID }]);
    expect(await read(`limit=1&cursor=${nextCursor}`, readPage)).toEqual({ limit: 1, before: ID });
  });

  it('end without a cursor', () => {
    expect(toPage([{ id: ID }], { limit: 1, before: null }, (row) => row.id).nextCursor).toBeNull();
    expect(toPage([], { limit: 1, before: null }, () => '').nextCursor).toBeNull();
  });

  it('can be ordered by number, 0 included', async () => {
    for (const number of [0, 7, 2 ** 31 - 1]) {
      const { nextCursor } = toPage([number, -1], { limit: 1, before: null }, (row) => row);
      expect(await read(`cursor=${nextCursor}`, readVersionPage)).toEqual({ limit: 50, before: number });
    }
  });

  it.each(['0', '201', '-1', '1.5', 'x', '', '1e2'])('refuse the limit %j', async (limit) => {
    expect(await read(`limit=${limit}`, readPage)).toEqual([
      { path: 'query/limit', message: 'must be a whole number from 1 to 200' },
    ]);
  });

  it('refuse every bad value at once', async () => {
    expect(await read('limit=x&cursor=%00', readPage)).toMatchObject([
      { path: 'query/limit' },
      { path: 'query/cursor' },
    ]);
  });

  it.each(['', 'abc', Buffer.from(`${ID}'--`).toString('base64url'), Buffer.from('7').toString('base64url')])(
    'refuse the cursor %j, which no answer gave',
    async (cursor) => {
      expect(await read(`cursor=${cursor}`, readPage)).toMatchObject([{ path: 'query/cursor' }]);
    },
  );

  it.each(['9999999999', '01', '-1', 'x'])('refuse the number %j in a cursor', async (number) => {
    const cursor = Buffer.from(number).toString('base64url');
    expect(await read(`cursor=${cursor}`, readVersionPage)).toMatchObject([{ path: 'query/cursor' }]);
  });
});

describe('flags', () => {
  it('are true, false or absent', async () => {
    expect(await read('a=true', (c) => readFlag(c, 'a'))).toBe(true);
    expect(await read('a=false', (c) => readFlag(c, 'a'))).toBe(false);
    expect(await read('', (c) => readFlag(c, 'a'))).toBe(false);
    expect(await read('a=1', (c) => readFlag(c, 'a'))).toMatchObject([{ path: 'query/a' }]);
  });
});
