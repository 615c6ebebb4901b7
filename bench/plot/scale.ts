/** From values to places on a chart. */

export interface Scale {
  /** The place of a value, in units of the drawing. */
  at(value: number): number;
  /** Values that get a label. */
  ticks: number[];
}

/** The least of 1, 2, 2.5, 5 times a power of ten that is not less than `value`. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** From zero to a round number above `max`, in about four parts. @param to places of zero and of the end */
export function linear(max: number, [start, end]: readonly [number, number]): Scale {
  const step = roundUp(max / 4);
  const top = Math.ceil(max / step - 1e-9) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_tick, index) => index * step);
  return { at: (value) => start + (value / top) * (end - start), ticks };
}

/** Powers of ten and their doubles and fivefolds between values greater than zero. @param to places of both ends */
export function logarithmic(
  [min, max]: readonly [number, number],
  [start, end]: readonly [number, number],
): Scale {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
    for (const factor of [1, 2, 5]) ticks.push(factor * 10 ** power);
  }
  const from = Math.max(...ticks.filter((tick) => tick <= min * (1 + 1e-9)));
  const to = Math.min(...ticks.filter((tick) => tick >= max * (1 - 1e-9)));
  const width = Math.log(to / from);
  return {
    at: (value) => start + (Math.log(Math.min(Math.max(value, from), to) / from) / width) * (end - start),
    ticks: ticks.filter((tick) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9)),
  };
}
