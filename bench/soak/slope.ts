/** Whether a figure grows: a straight line through its samples, and how sure its slope is. */

export interface Slope {
  /** Growth of y for each unit of x. */
  slope: number;
  /** Of the slope, widened for samples that resemble the one before. */
  standardError: number;
  /** The slope is within two standard errors of none, or falls. */
  isFlat: boolean;
}

/** The correlation of residuals with the one before, from 0 to 0.99. */
function autocorrelation(residuals: readonly number[], squares: number): number {
  if (squares === 0) return 0;
  const products = residuals.slice(1).map((value, index) => value * (residuals[index] ?? 0));
  return Math.min(0.99, Math.max(0, products.reduce((sum, value) => sum + value, 0) / squares));
}

/**
 * Ordinary least squares over `[x, y]`. The error assumes residuals of the first order (samples of memory follow one
 * another), so it counts n (1 − r) / (1 + r) of n samples.
 * @throws {Error} for fewer than four samples
 */
export function slopeOf(samples: readonly (readonly [x: number, y: number])[]): Slope {
  const count = samples.length;
  if (count < 4) throw new Error('a slope needs at least four samples');
  const meanX = samples.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = samples.reduce((sum, [, y]) => sum + y, 0) / count;
  const spreadX = samples.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = samples.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const residuals = samples.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = residuals.reduce((sum, value) => sum + value ** 2, 0);
  const r = autocorrelation(residuals, squares);
  const standardError = Math.sqrt((squares / (count - 2) / spreadX) * ((1 + r) / (1 - r)));
  return { slope, standardError, isFlat: slope <= 2 * standardError };
}
