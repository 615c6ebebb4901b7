import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newSigningSecret } from '../../../lib/subscriptions/secret.ts';
import { webhookRequest } from '../../../lib/subscriptions/webhook.ts';

const BODY = JSON.stringify({ specversion: '1.0', data: 'Grüße 🎉 \u2028' });
const send = (secret: string, at = new Date()) =>
  webhookRequest({ url: 'https://example.com/', id: 'an-id', body: BODY }, secret, at);

describe('the request to a subscriber', () => {
  it('is signed so that a receiver can verify it: by the library, and by crypto alone', () => {
    const secret = newSigningSecret();
    const { headers, body } = send(secret);
    expect(new Webhook(secret).verify(String(body), headers)).toEqual(JSON.parse(BODY));
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${String(body)}`;
    const expected = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  it('does not verify with another secret, another body, another id or minutes later', () => {
    const secret = newSigningSecret();
    const { headers } = send(secret);
    expect(() => new Webhook(newSigningSecret()).verify(BODY, headers)).toThrow();
    expect(() => new Webhook(secret).verify(`${BODY} `, headers)).toThrow();
    expect(() => new Webhook(secret).verify(BODY, { ...headers, 'webhook-id': 'other' })).toThrow();
    const old = send(secret, new Date(Date.now() - 10 * 60_000));
    expect(() => new Webhook(secret).verify(BODY, old.headers)).toThrow();
  });

  it('has a secret of 32 random bytes', () => {
    const [first, second] = [newSigningSecret(), newSigningSecret()];
    expect(first).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(first).not.toBe(second);
  });
});

describe('the example in docs/webhooks.md', () => {
  it('tells an authentic request from a forged and from an old one', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/webhooks.md'), 'utf8');
    const code = /```js\n(.*?)```/s.exec(page)?.[1] ?? '';
    // What the page says it exports.
    const { isAuthentic } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      isAuthentic(secret: string, headers: Record<string, string>, rawBody: Buffer): boolean;
    };
    const secret = newSigningSecret();
    const { headers } = send(secret);
    const body = Buffer.from(BODY);
    expect(isAuthentic(secret, headers, body)).toBe(true);
    expect(isAuthentic(newSigningSecret(), headers, body)).toBe(false);
    expect(isAuthentic(secret, headers, Buffer.from(`${BODY} `))).toBe(false);
    expect(isAuthentic(secret, send(secret, new Date(Date.now() - 600_000)).headers, body)).toBe(false);
    expect(isAuthentic(secret, {}, body)).toBe(false);
  });
});
