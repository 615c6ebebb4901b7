import { assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../worker/backoff.ts';

const HOUR_MS = 3_600_000;

describe('the backoff of run-level retries', () => {
  it('doubles from the first delay', () => {
    expect([1, 2, 3, 4].map((attempt) => backoffMs(1000, attempt, 0))).toEqual([1000, 2000, 4000, 8000]);
  });

  it('is never below its minimum, never above an hour unless the first delay is, and jitters', () => {
    assert(
      property(
        integer({ min: 1, max: 86_400_000 }),
        integer({ min: 1, max: 1000 }),
        double({ min: 0, max: 0.999, noNaN: true }),
        (firstMs, attempt, random) => {
          const delayMs = backoffMs(firstMs, attempt, random);
          const minimumMs = Math.min(firstMs * 2 ** (attempt - 1), Math.max(HOUR_MS, firstMs));
          expect(delayMs).toBeGreaterThanOrEqual(minimumMs);
          expect(delayMs).toBeLessThanOrEqual(Math.max(HOUR_MS, firstMs));
        },
      ),
    );
    expect(backoffMs(1000, 1, 0.9)).toBeGreaterThan(backoffMs(1000, 1, 0.1));
  });
});
