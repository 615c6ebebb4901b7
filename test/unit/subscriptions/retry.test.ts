import { describe, expect, it } from 'vitest';
import { retryAfterMs, retryDelayMs } from '../../../lib/subscriptions/retry.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-05-01T00:00:00Z');

describe('the delay before a delivery is tried again', () => {
  it('grows from 5 s to 14 h; then the delivery is given up', () => {
    const delays = Array.from({ length: 11 }, (_, index) => retryDelayMs(5000, index + 1, null, 0));
    const seconds = [5, 30, 120, 600, 1800, 3600, 7200, 18_000, 36_000, 50_400].map((s) => s * 1000);
    expect(delays).toEqual([...seconds, null]);
  });

  it('has up to a quarter more as jitter', () => {
    expect(retryDelayMs(1000, 1, null, 0.999)).toBeGreaterThan(1240);
    expect(retryDelayMs(1000, 1, null, 0.999)).toBeLessThanOrEqual(1250);
  });

  it('is what the endpoint asks for when that is longer, but 6 h at most', () => {
    expect(retryDelayMs(5000, 1, 60_000, 0)).toBe(60_000);
    expect(retryDelayMs(5000, 2, 10_000, 0)).toBe(30_000);
    expect(retryDelayMs(5000, 1, 365 * 24 * HOUR_MS, 0)).toBe(6 * HOUR_MS);
    expect(retryDelayMs(5000, 10, 365 * 24 * HOUR_MS, 0)).toBe(14 * HOUR_MS);
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Fri, 01 May 2026 00:01:00 GMT', 60_000],
    ['Thu, 30 Apr 2026 00:00:00 GMT', 0],
  ])('%j is %d ms from now', (text, expected) => {
    expect(retryAfterMs(text, NOW_MS)).toBe(expected);
  });

  it.each([undefined, '', '-1', '1.5', 'soon', '2026-05-01', '99999999999', 'Fri, 99 Foo 2026 00:01:00 GMT'])(
    '%j is none',
    (text) => {
      expect(retryAfterMs(text, NOW_MS)).toBeNull();
    },
  );
});
