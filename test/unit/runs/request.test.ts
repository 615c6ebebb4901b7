import { Hono, type Context } from 'hono';
import { describe, expect, it } from 'vitest';
import { readIdempotencyKey, readWaitSeconds, requestDigest } from '../../../lib/runs/request.ts';

/** Runs `read` on a request with these headers. */
async function on<T>(headers: Record<string, string>, read: (c: Context) => T): Promise<T> {
  let result: { value: T } | undefined;
  const app = new Hono().onError(() => new Response(null, { status: 500 }));
  app.get('/', (c) => {
    result = { value: read(c) };
    return c.body(null);
  });
  await app.request('/', { headers });
  if (result === undefined) throw new Error('refused');
  return result.value;
}

describe('Prefer (RFC 7240)', () => {
  it.each([
    ['wait=10', 10],
    ['wait="10"', 10],
    ['respond-async, wait=5', 5],
    ['WAIT = 7', 7],
    ['wait=0', 0],
    ['wait=61', 60],
    ['wait=999999', 60],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['wait', null],
    ['waiting=10', null],
    ['return=minimal', null],
  ])('%s', async (prefer, seconds) => {
    expect(await on({ prefer }, readWaitSeconds)).toBe(seconds);
  });
});

describe('Idempotency-Key', () => {
  it('is taken as it is, and absent when it is not sent', async () => {
    expect(await on({ 'idempotency-key': 'order 4711' }, readIdempotencyKey)).toBe('order 4711');
    expect(await on({}, readIdempotencyKey)).toBeNull();
  });

  it('is refused when it is longer than 255 characters', async () => {
    await expect(on({ 'idempotency-key': 'x'.repeat(256) }, readIdempotencyKey)).rejects.toThrow('refused');
    expect(await on({ 'idempotency-key': 'x'.repeat(255) }, readIdempotencyKey)).toHaveLength(255);
  });

  it('is bound to method, path and body', () => {
    const digests = [
      requestDigest('POST', '/a', '{}'),
      requestDigest('PUT', '/a', '{}'),
      requestDigest('POST', '/b', '{}'),
      requestDigest('POST', '/a', '{ }'),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(requestDigest('POST', '/a', Buffer.from('{}'))).toBe(digests[0]);
  });

  it('takes the ids of a path in either case for the same', () => {
    const path =
      '/v1/orgs/0198c0de-0000-7000-8000-00000000000a/workflows/0198c0de-0000-7000-8000-00000000000b/runs';
    expect(requestDigest('POST', path.replace('00000b', '00000B'), '{}')).toBe(
      requestDigest('POST', path, '{}'),
    );
  });
});
