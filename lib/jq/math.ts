/** The C math library as jq offers it. */
import type { Json } from './json.ts';
import type { Native } from './node-native.ts';
import { typeError } from './operators.ts';

function number(value: Json): number {
  return typeof value === 'number' ? value : typeError(value, 'number required');
}

/** Mantissa in [0.5, 1) and exponent of base 2. */
function frexp(value: number): [mantissa: number, exponent: number] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
  let mantissa = value * 2 ** -exponent;
  for (; Math.abs(mantissa) < 0.5; exponent--) mantissa *= 2;
  for (; Math.abs(mantissa) >= 1; exponent++) mantissa /= 2;
  return [mantissa, exponent];
}

/** `value` times 2 to the `exponent`, in steps that do not overflow on the way. */
function ldexp(value: number, exponent: number): number {
  const power = Math.max(-2200, Math.min(2200, Math.trunc(exponent)));
  const half = Math.trunc(power / 2);
  const quarter = Math.trunc(half / 2);
  return value * 2 ** quarter * 2 ** (half - quarter) * 2 ** quarter * 2 ** (power - half - quarter);
}

/** Rounds half to even. */
function rint(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Rounds half away from zero. */
function round(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function lanczos(x: number): number {
  return LANCZOS.reduce(
    (sum, coefficient, index) => (index === 0 ? coefficient : sum + coefficient / (x + index)),
    0,
  );
}

function tgamma(value: number): number {
  if (Number.isInteger(value) && value > 0 && value < 171) {
    let product = 1;
    for (let factor = 2; factor < value; factor++) product *= factor;
    return product;
  }
  if (value < 0.5) return Math.PI / (Math.sin(Math.PI * value) * tgamma(1 - value));
  const x = value - 1;
  const t = x + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (x + 0.5) * Math.exp(-t) * lanczos(x);
}

function lgamma(value: number): number {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? NaN : Infinity;
  if (Number.isInteger(value) && value <= 0) return Infinity;
  if (value === 1 || value === 2) return 0;
  if (value < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * value))) - lgamma(1 - value);
  const x = value - 1;
  const t = x + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(lanczos(x));
}

function gammaSign(value: number): number {
  return value < 0 && Math.abs(Math.floor(value) % 2) === 1 ? -1 : 1;
}

/** IEEE remainder: the quotient is rounded half to even. */
function ieeeRemainder(x: number, y: number): number {
  if (!Number.isFinite(y)) return Number.isNaN(y) ? NaN : x;
  const rest = x % y;
  const twice = Math.abs(rest) * 2;
  const size = Math.abs(y);
  const isOdd = Math.abs(Math.trunc(x / y)) % 2 === 1;
  return twice > size || (twice === size && isOdd) ? rest - Math.sign(rest) * size : rest;
}

function nextAfter(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (x === y) return y;
  if (x === 0) return y > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + (y > x === x > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

function logb(value: number): number {
  if (value === 0) return -Infinity;
  return Number.isFinite(value) ? frexp(value)[1] - 1 : Math.abs(value);
}

function scalb(value: number, exponent: number): number {
  return Number.isInteger(exponent) ? ldexp(value, exponent) : value * 2 ** exponent;
}

function exp10(value: number): number {
  return 10 ** value;
}

const UNARY: Record<string, (value: number) => number> = {
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  cbrt: Math.cbrt,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  exp: Math.exp,
  exp10,
  exp2: (value) => 2 ** value,
  expm1: Math.expm1,
  fabs: Math.abs,
  floor: Math.floor,
  gamma: lgamma,
  lgamma,
  log: Math.log,
  log10: Math.log10,
  log1p: Math.log1p,
  log2: (value) => {
    // Exact for powers of two, unlike Math.log2 on some engines.
    const [mantissa, exponent] = frexp(value);
    return mantissa === 0.5 ? exponent - 1 : Math.log2(value);
  },
  logb,
  nearbyint: rint,
  pow10: exp10,
  rint,
  round,
  significand: (value) => (value === 0 || !Number.isFinite(value) ? value : 2 * frexp(value)[0]),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
  tgamma,
  trunc: Math.trunc,
};

const BINARY: Record<string, (x: number, y: number) => number> = {
  atan2: Math.atan2,
  copysign: (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
  drem: ieeeRemainder,
  fdim: (x, y) => (Number.isNaN(x) || Number.isNaN(y) ? NaN : Math.max(x - y, 0)),
  fmax: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y)),
  fmin: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y)),
  fmod: (x, y) => x % y,
  hypot: Math.hypot,
  ldexp,
  nextafter: nextAfter,
  nexttoward: nextAfter,
  // IEEE's pow, where 1 to any power is 1.
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  remainder: ieeeRemainder,
  scalb,
  scalbln: ldexp,
};

/** The math functions by `name/arity`. */
export const MATH: ReadonlyMap<string, Native> = new Map<string, Native>([
  ...Object.entries(UNARY).map(([name, run]): [string, Native] => [
    `${name}/0`,
    (_machine, input) => run(number(input)),
  ]),
  ...Object.entries(BINARY).map(([name, run]): [string, Native] => [
    `${name}/2`,
    (_machine, _input, a, b) => run(number(a), number(b)),
  ]),
  ['fma/3', (_machine, _input, a, b, c) => number(a) * number(b) + number(c)],
  ['frexp/0', (_machine, input) => frexp(number(input))],
  [
    'modf/0',
    (_machine, input) => {
      const value = number(input);
      const whole = Math.trunc(value);
      return [
        Number.isFinite(value) ? value - whole : Number.isNaN(value) ? NaN : 0 * Math.sign(value),
        whole,
      ];
    },
  ],
  ['lgamma_r/0', (_machine, input) => [lgamma(number(input)), gammaSign(number(input))]],
]);
