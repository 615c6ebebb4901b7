import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSizeAtMost } from '../../../lib/jq/index.ts';
import type { Json } from '../../../lib/jq/index.ts';

const json = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<Json>; // jsonValue makes JSON

function textBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A value with 2 to the power of `levels` leaves in a few arrays or objects. */
function shared(levels: number, wrap: (part: Json) => Json): Json {
  let value: Json = 0;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

describe('the size of JSON text', () => {
  it('is that of JSON.stringify in UTF-8 while it is within the maximum', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonSizeAtMost(value, Infinity)).toBe(textBytes(value));
      }),
    );
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonSizeAtMost(value, textBytes(value))).toBe(textBytes(value));
      }),
    );
  });

  it.each([
    '\u0000\b\t\n\v\f\r\u001f',
    '"\\/',
    '\u007f\u00e9\u20ac',
    '\ud83d\ude00',
    '\ud83d',
    '\ude00\ud83d',
  ])('counts what %j becomes in a text', (text) => {
    expect(jsonSizeAtMost([text, { [text]: text }], 1000)).toBe(textBytes([text, { [text]: text }]));
  });

  it('is above the maximum for every larger value', () => {
    fc.assert(
      fc.property(json, fc.nat(), (value, cut) => {
        const maxBytes = cut % textBytes(value);
        expect(jsonSizeAtMost(value, maxBytes)).toBeGreaterThan(maxBytes);
      }),
    );
  });

  it.each<[string, (part: Json) => Json]>([
    ['arrays', (part) => [part, part]],
    ['objects', (part) => ({ a: part, b: part })],
  ])('stops early in %s that are shared so often that their text would never end', (_, wrap) => {
    const startMs = performance.now();
    expect(jsonSizeAtMost(shared(60, wrap), 100_000)).toBeGreaterThan(100_000);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('counts values too deep for JSON.stringify as too large', () => {
    expect(
      jsonSizeAtMost(
        shared(100_000, (part) => [part]),
        1e9,
      ),
    ).toBeGreaterThan(1e9);
  });
});
