/** Divisibility of decimal numbers, exactly: by the digits as they are written, not by their binary neighbours. */

interface Decimal {
  digits: bigint;
  /** The value is digits × 10^exponent. */
  exponent: number;
}

function toDecimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** True when `value` is an integer times `divisor`, which is above 0: 0.3 is a multiple of 0.1. */
export function isMultiple(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  if (!Number.isFinite(value)) return false;
  const dividend = toDecimal(value);
  const by = toDecimal(divisor);
  // Doubles have exponents of a few hundred, so these have at most some hundred digits.
  const exponent = Math.min(dividend.exponent, by.exponent);
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(dividend) % scaled(by) === 0n;
}
