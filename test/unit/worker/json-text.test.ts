import { describe, expect, it } from 'vitest';
import { jsonTextWithin } from '../../../worker/json-text.ts';
import type { Json } from '../../../lib/jq/index.ts';

/** Small in memory: each level holds the one below twice. */
function doubled(levels: number): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value, b: [value] };
  return value;
}

function nested(levels: number): Json {
  let value: Json = null;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe('JSON text within a bound', () => {
  it('is the text, to the byte', () => {
    for (const value of [
      null,
      1,
      'x',
      'ä€😀\u0000"',
      [],
      {},
      [1, [2, { a: 'b' }]],
      { a: null, b: [true, 1.5] },
    ]) {
      const text = JSON.stringify(value);
      const bytes = Buffer.byteLength(text);
      expect(jsonTextWithin(value, bytes)).toBe(text);
      expect(jsonTextWithin(value, bytes - 1)).toBeNull();
    }
  });

  it('refuses in no time what would be astronomically long, or too deep to follow', () => {
    const startedAt = performance.now();
    expect(jsonTextWithin(doubled(60), 4 << 20)).toBeNull();
    expect(jsonTextWithin(nested(100_000), 4 << 20)).toBeNull();
    expect(jsonTextWithin(nested(900), 4 << 20)).not.toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
