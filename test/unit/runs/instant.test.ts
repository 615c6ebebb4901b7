import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { ApiError, type ErrorItem } from '../../../lib/errors.ts';
import { readRunFilter } from '../../../lib/runs/filter.ts';
import { toInstant } from '../../../lib/runs/instant.ts';
import { startBody } from '../../../lib/runs/request.ts';
import * as v from 'valibot';

const REFUSED = [
  'today',
  '2026-01-31',
  '2026-01-31T09:30:00',
  '2026-01-31T09:30Z',
  '2026-02-30T09:30:00Z',
  '2026-01-31T25:00:00Z',
  '2026-01-31 09:30:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-01:00',
];

describe('a time of a request', () => {
  it.each([
    ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31t09:30:00z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:00.123456+05:30', '2026-01-31T04:00:00.123Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(toInstant(text)).toBe(instant);
  });

  it.each(REFUSED)('is not %s: neither in a body nor in a query', async (text) => {
    expect(toInstant(text)).toBeNull();
    expect(v.is(startBody, { startAt: text })).toBe(false);
    let errors: ErrorItem[] | undefined;
    const app = new Hono().onError((error, c) => {
      if (error instanceof ApiError) errors = error.errors;
      return c.body(null, 422);
    });
    app.get('/', (c) => {
      readRunFilter(c, '');
      return c.body(null);
    });
    const query = encodeURIComponent(text);
    expect((await app.request(`/?from=${query}&to=${query}`)).status).toBe(422);
    expect(errors?.map(({ path }) => path)).toEqual(['query/from', 'query/to']);
  });
});
