import { describe, expect, it } from 'vitest';
import { toRfc3339 } from '../../../lib/db/time.ts';

describe('toRfc3339', () => {
  it.each([
    ['2026-01-02 03:04:05.678+00', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02 03:04:05+00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05.6+00', '2026-01-02T03:04:05.600Z'],
    ['2026-01-02 03:04:05.678901+00', '2026-01-02T03:04:05.678Z'],
    ['2026-01-01 20:34:05.678-06:30', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02 05:04:05.678+02', '2026-01-02T03:04:05.678Z'],
  ])('writes %s, in any time zone of the session, as %s', (text, expected) => {
    expect(toRfc3339(text)).toBe(expected);
  });

  it('keeps null', () => {
    expect(toRfc3339(null)).toBeNull();
  });

  it.each(['', 'infinity', '02/01/2026 03:04:05'])('refuses %j', (text) => {
    expect(() => toRfc3339(text)).toThrow(RangeError);
  });
});
