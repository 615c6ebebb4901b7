import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { newSubscription } from '../../../lib/subscriptions/request.ts';

const URL_OK = 'https://example.com/events?token=1';
const problems = (body: unknown): string[] =>
  (v.safeParse(newSubscription, body).issues ?? []).map(
    ({ path, message }) => `${(path ?? []).map(({ key }) => String(key)).join('.')} ${message}`,
  );

describe('the body of a new subscription', () => {
  it('takes a URL and up to 50 types, each once', () => {
    const types = Array.from({ length: 49 }, (_, n) => `t${n}`);
    const { output } = v.safeParse(newSubscription, { url: URL_OK, types: [...types, 't0'] });
    expect(output).toEqual({ url: URL_OK, types });
  });

  it.each([
    ['example.com/events', 'must be a URL in full'],
    ['ftp://example.com/', 'must begin with https:// or http://'],
    ['file:///etc/passwd', 'must begin with https:// or http://'],
    ['https://user:secret@example.com/', 'must not contain a user or a password'],
    ['https://user@example.com/', 'must not contain a user or a password'],
    ['https://example.com/#x', 'must not have a fragment'],
    [`https://example.com/${'x'.repeat(2048)}`, 'at most 2048 characters'],
    ['https://example.com/\0', 'NUL'],
  ])('refuses the URL %s and never repeats it', (url, expected) => {
    const [problem] = problems({ url, types: ['*'] });
    expect(problem).toContain('url ');
    expect(problem).toContain(expected);
    expect(problem).not.toContain('secret');
  });

  it.each([
    [{ url: URL_OK, types: [] }, 'types must name at least one type'],
    [{ url: URL_OK, types: Array.from({ length: 51 }, (_, n) => `t${n}`) }, 'types must name at most 50'],
    [{ url: URL_OK, types: ['a', 'b*c'] }, 'types.1 must be the type of events'],
    [{ url: URL_OK, types: ['x'.repeat(256)] }, 'types.0 must have at most 255'],
    [{ url: URL_OK, types: '*' }, 'types must be an array'],
    [{ url: URL_OK }, 'types is required'],
    [{ url: URL_OK, types: ['*'], secret: 'mine' }, 'secret is not a known member'],
  ])('%j: %s', (body, expected) => {
    expect(problems(body).join('\n')).toContain(expected);
  });
});
