import { describe, expect, it } from 'vitest';
import { slopeOf } from '../../../bench/soak/slope.ts';

/** Noise between -1 and 1, the same in every run. */
function noise(count: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  });
}

const line = (slope: number, around: readonly number[]): [number, number][] =>
  around.map((value, index) => [index / 10, 100 + (slope * index) / 10 + value]);

describe('a slope', () => {
  it('is that of the line, exactly where there is no noise', () => {
    const { slope, standardError, isFlat } = slopeOf(
      line(
        2,
        Array.from({ length: 20 }, () => 0),
      ),
    );
    expect(slope).toBeCloseTo(2, 10);
    expect(standardError).toBeCloseTo(0, 10);
    expect(isFlat).toBe(false);
  });

  it('is flat within noise when there is nothing but noise, and when memory falls', () => {
    expect(slopeOf(line(0, noise(100))).isFlat).toBe(true);
    expect(slopeOf(line(-3, noise(100))).isFlat).toBe(true);
  });

  it('is not flat when there is growth beyond the noise', () => {
    const { slope, standardError, isFlat } = slopeOf(line(0.5, noise(100)));
    expect(isFlat).toBe(false);
    expect(Math.abs(slope - 0.5)).toBeLessThan(3 * standardError);
  });

  it('has a wider error where samples resemble the one before: a slow wave is no proof', () => {
    const independent = noise(100);
    const sticky = independent.map((_value, index) => Math.sin(index / 8));
    const loose = slopeOf(line(0, independent)).standardError;
    expect(slopeOf(line(0, sticky)).standardError).toBeGreaterThan(2 * loose);
  });

  it('needs four samples', () => {
    expect(() => slopeOf(line(1, [0, 0, 0]))).toThrow('four samples');
  });
});
