import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../lib/engine/duration.ts';

describe('durations', () => {
  test.each([
    ['PT1S', 1000],
    ['PT0S', 0],
    ['PT1M30S', 90_000],
    ['PT1H', 3_600_000],
    ['P1D', 86_400_000],
    ['P2W', 14 * 86_400_000],
    ['P1DT12H', 129_600_000],
    ['P1W1DT1S', 8 * 86_400_000 + 1000],
    ['PT0.25S', 250],
    ['PT1.2345S', 1235],
    ['PT0.5H', 1_800_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms });
  });

  test('units of an object add up', () => {
    const value = { days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 };
    expect(parseDuration(value)).toEqual({ ok: true, ms: 93_784_005 });
  });

  test.each([
    '',
    'P',
    'PT',
    'P1DT',
    '1S',
    'PT1',
    'PT1S ',
    'pt1s',
    '-PT1S',
    'PT-1S',
    'P1S',
    'PT1D',
    'PT1S1M',
    'PT.5S',
  ])('the text %j is refused', (text) => {
    expect(parseDuration(text)).toMatchObject({ ok: false });
  });

  test.each(['P1Y', 'P1M', 'P0Y', 'P1Y2M3D'])(
    '%s, which has no fixed length, is refused with the reason',
    (text) => {
      const result = parseDuration(text);
      expect(result).toMatchObject({ ok: false });
      expect(!result.ok && result.problem).toContain('no fixed length');
    },
  );

  test.each([
    [{}],
    [{ fortnights: 1 }],
    [{ seconds: -1 }],
    [{ seconds: 1.5 }],
    [{ seconds: '1' }],
    [{ days: Number.MAX_SAFE_INTEGER }],
    [{ toString: 1 }],
    [null],
    [30],
    [['PT1S']],
    ['P999999999999999D'],
  ])('%j is refused', (value) => {
    expect(parseDuration(value)).toMatchObject({ ok: false });
  });
});
