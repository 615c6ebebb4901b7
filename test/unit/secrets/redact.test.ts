import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../lib/engine/expression.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { createRedactor, redactError } from '../../../lib/secrets/redact.ts';

const redact = (secrets: Json[], text: string): string => createRedactor(secrets).text(text);

describe('a secret', () => {
  it('is masked wherever it occurs, as often as it occurs', () => {
    expect(redact(['s3cret'], 'a s3cret, another s3cret')).toBe('a ***, another ***');
  });

  it('may be any string of a nested value', () => {
    const secret = { user: 'alice', keys: ['first-key', { deep: 'second-key' }], port: 12345 };
    expect(redact([secret], 'alice first-key second-key 12345 user')).toBe('*** *** *** 12345 user');
  });

  it('of fewer than four characters is left: it would shred every text', () => {
    expect(redact(['abc', 'abcd'], 'abc abcd')).toBe('abc ***');
  });

  it.each([
    ['in a JSON string', 'say "hi"\n', JSON.stringify('say "hi"\n').slice(1, -1)],
    ['in JSON, with half a surrogate pair', 'half \ud800', JSON.stringify('half \ud800').slice(1, -1)],
    ['percent-encoded', 'p&ss w/rd', 'p%26ss%20w%2Frd'],
    ['percent-encoded strictly', "it's(1)!", 'it%27s%281%29%21'],
    ['in a form', 'a b*c!', new URLSearchParams([['', 'a b!']]).toString().slice(1).replace('b', 'b%2Ac')],
    ['in base64', 'päss?word>', Buffer.from('päss?word>').toString('base64')],
    ['in base64url', 'päss?word>', Buffer.from('päss?word>').toString('base64url')],
    ['without the white space around it', '  token-1\n', 'token-1'],
  ])('is masked %s', (_how, secret, text) => {
    expect(redact([secret], `<${text}>`)).toBe('<***>');
  });

  it('is masked inside the base64 of a longer text, as in Basic credentials', () => {
    for (const user of ['u', 'us', 'use', 'user']) {
      const masked = redact(['correct horse'], Buffer.from(`${user}:correct horse`).toString('base64'));
      expect(masked).toMatch(/^[A-Za-z0-9]{0,7}\*\*\*.{0,3}$/);
    }
  });

  it('that overlaps another one is masked with it, whole', () => {
    expect(redact(['abcdef', 'defghi'], '-abcdefghi-')).toBe('-***-');
    expect(redact(['abcd', 'abcdefgh'], '-abcdefgh-abcd-')).toBe('-***-***-');
    expect(redact(['aaaa'], '-aaaaaaa-')).toBe('-***-');
  });

  it('that is long is masked whole, and so is a long piece of it', () => {
    const secret = Array.from({ length: 500 }, (_, index) => index.toString(36)).join('.');
    expect(redact([secret], `-${secret}-`)).toBe('-***-');
    expect(redact([secret], `-${secret.slice(0, 700)}`)).toMatch(/^-\*\*\*.{0,31}$/s);
  });

  it('can be added later, as credentials made of secrets are', () => {
    const redactor = createRedactor(['first']);
    expect(redactor.text('first second')).toBe('*** second');
    redactor.add('second');
    expect(redactor.text('first second')).toBe('*** ***');
  });
});

describe('more credentials than can be remembered', () => {
  it('are not kept, and every text is masked whole from then on', () => {
    const redactor = createRedactor(['s3cret']);
    const heapBefore = process.memoryUsage().heapUsed;
    for (let n = 0; n < 10_000; n++) redactor.add(`${n}-${'x'.repeat(n % 7)}${'token'.repeat(2000)}`);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(64 << 20);
    expect(redactor.text('an error')).toBe('***');
    expect(redactor.json({ a: ['an error', 1] })).toEqual({ a: ['***', 1] });
  });
});

describe('a text that is cut', () => {
  const token = 'sk_live_51H8xAbCdEfGhIjKlMnOpQrStUvWxYz';

  it.each([
    ['tonumber', '$secrets.api.token | tonumber'],
    ['an addition', '$secrets.api.token + 1'],
    ['an object around it', '$secrets.api + 1'],
    ['two objects around it', '$secrets + 1'],
    ['base64', '($secrets.api.token | @base64) + 1'],
    ['an error after much else', `"${'x'.repeat(480)}" + $secrets.api.token | error`],
  ])('by jq in the message of %s shows not even the beginning of a secret', (_how, source) => {
    const scope = { variable: () => ({ api: { token } }), instance: '/', nowMs: () => 0, limits: {} };
    let message = '';
    try {
      compileExpression(source, ['secrets']).evaluate(null, scope);
    } catch (error) {
      message = error instanceof Error ? error.message : '';
    }
    const masked = createRedactor([{ token }]).text(message);
    expect(masked).toMatch(/\*\*\*(?:\.{3}|…)/);
    expect(masked).not.toContain('sk_l');
    expect(masked).not.toContain(Buffer.from('sk_l').toString('base64').slice(0, 4));
  });

  it('somewhere in the middle of a secret shows nothing of it, whatever the length', () => {
    const redactor = createRedactor([token, 'another secret']);
    for (let length = 4; length < token.length; length++) {
      expect(redactor.text(`got ${token.slice(0, length)}…, then ...`)).toBe('got ***…, then ...');
    }
  });

  it('is looked at in time, however many secrets and cuts there are', () => {
    const redactor = createRedactor(Array.from({ length: 5000 }, (_, n) => `aaaa${n.toString(36)}`));
    const began = performance.now();
    redactor.text('aaaa...'.repeat(100_000));
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('shows nothing of a secret that the cut goes through', () => {
    const redactor = createRedactor(['correct horse battery staple, and a good deal more of it']);
    const text = 'x correct horse battery staple, and a good deal more of it';
    for (let length = 0; length <= text.length; length++) {
      expect('x ***'.startsWith(redactor.text(text, length).slice(0, 5))).toBe(true);
    }
  });

  it('costs what is kept of it', () => {
    const text = 'y'.repeat(1 << 24);
    const redactor = createRedactor(['correct horse']);
    const began = performance.now();
    for (let n = 0; n < 1000; n++) redactor.text(text, 500);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('a value', () => {
  it('has its strings and the names of its members masked', () => {
    const value = { 'key s3cret': ['s3cret', 1, null, { a: 'is s3cret!' }], b: true };
    expect(createRedactor(['s3cret']).json(value)).toEqual({
      'key ***': ['***', 1, null, { a: 'is ***!' }],
      b: true,
    });
  });

  it('is given back as it is when there is nothing to mask', () => {
    const value = { a: ['text'] };
    expect(createRedactor([]).json(value)).toBe(value);
    expect(createRedactor(['s3cret']).json(value)).toBe(value);
  });

  it('with a member named __proto__ keeps it as data', () => {
    const value = JSON.parse('{"__proto__":{"x":"s3cret"}}') as Json;
    const masked = createRedactor(['s3cret']).json(value);
    expect(JSON.stringify(masked)).toBe('{"__proto__":{"x":"***"}}');
    expect(Object.getPrototypeOf(masked)).toBe(Object.prototype);
  });

  it('whose parts are shared is walked once, not exponentially often', () => {
    let value: Json = 's3cret';
    for (let n = 0; n < 60; n++) value = [value, value];
    const masked = createRedactor(['s3cret']).json(value);
    let first: Json | undefined = masked;
    while (Array.isArray(first)) first = first[0];
    expect(first).toBe('***');
  });

  it('of a hundred thousand levels does not end the process', () => {
    let value: Json = 's3cret';
    for (let n = 0; n < 100_000; n++) value = [value];
    expect(JSON.stringify(createRedactor(['s3cret']).json(value))).not.toContain('s3cret');
  });
});

it('an error keeps its members; each text is masked and then cut', () => {
  const redactor = createRedactor(['s3cret']);
  const error = { type: 'urn:s3cret', status: 400, title: 'of s3cret', instance: '/do/0/x' };
  expect(redactError(redactor, error)).toEqual({ ...error, type: 'urn:***', title: 'of ***' });
  const long = { ...error, detail: `${'.'.repeat(18)}s3cret${'.'.repeat(100)}` };
  expect(redactError(redactor, long, 20).detail).toBe(`${'.'.repeat(18)}***…`);
});

describe('hostile secrets and texts', () => {
  it('cost time in proportion to their size', () => {
    const secrets = Array.from({ length: 60 }, (_, n) => `${'a'.repeat(4 + n * 50)}b`);
    const text = 'a'.repeat(1 << 20);
    const redactor = createRedactor(secrets);
    redactor.text('warm');
    const began = performance.now();
    expect(redactor.text(text)).not.toContain('aaaaaaaa');
    expect(performance.now() - began).toBeLessThan(3000);
  });

  /** Without `*`: "***x" of a mask and an "x" is no leak of the secret "**x". */
  const unit = fc.constantFrom('a', 'b', '%', '/', '"', '\\', ' ', '\n', 'ä', '🔑', '\ud83d', '=', '+');
  const secret = fc.string({ unit, minLength: 4, maxLength: 80 });

  const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

  it.each<[string, (text: string) => string]>([
    ['as it is', (text) => text],
    ['in JSON', (text) => JSON.stringify(text).slice(1, -1)],
    ['percent-encoded', (text) => encodeURIComponent(bytes(text).toString('utf8'))],
    ['in base64', (text) => bytes(text).toString('base64')],
    ['in base64url', (text) => bytes(text).toString('base64url')],
    ['trimmed', (text) => text.trim()],
  ])('no secret survives %s', (_how, spell) => {
    const pieces = fc.array(fc.oneof(secret, fc.nat(20)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 6 }), pieces, (secrets, parts) => {
        const spelled = secrets.map(spell);
        const text = parts
          .map((part) => (typeof part === 'string' ? part : spelled[part % spelled.length]))
          .join('');
        const masked = redact(secrets, text);
        expect(spelled.filter((one) => one.length >= 4 && masked.includes(one))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('a text without a secret stays as it is', () => {
    const text = fc.string({ unit: fc.constantFrom('ж', 'ш', '.'), maxLength: 200 });
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 6 }), text, (secrets, given) => {
        expect(redact(secrets, given)).toBe(given);
      }),
    );
  });
});
