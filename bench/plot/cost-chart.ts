/** CPU time of a run by process: one bar a system, one part a process. */
import type { Results } from '../lib/results.ts';
import { median } from '../lib/statistics.ts';
import { linear } from './scale.ts';
import { drawing, figure, label, rectangle, segment } from './svg.ts';

const WIDTH = 820;
const HEIGHT = 250;
const LEFT = 140;
const RIGHT = 720;
const TOP = 70;
const BAR = 44;
const GAP = 20;
/** A part that is narrower has no room for its figure. */
const MIN_LABELLED = 34;

const SYSTEMS = [
  ['baseline', 'the usual design'],
  ['vespid', 'Vespid'],
] as const;
const PARTS = [
  ['apiCpuMs', 'API'],
  ['workerCpuMs', 'worker'],
  ['redisCpuMs', 'Redis'],
  ['postgresCpuMs', 'Postgres'],
] as const;

/** Medians over the rounds, µs a run, in the order of PARTS. */
export function costsOf({ rounds }: Pick<Results, 'rounds'>, system: 'baseline' | 'vespid'): number[] {
  return PARTS.map(([part]) => median(rounds[system].complete.map((round) => round[part])) * 1000);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** @returns an SVG document */
export function costChart(results: Pick<Results, 'rounds' | 'machine' | 'date'>): string {
  const bars = SYSTEMS.map(([name, text]) => ({ text, costs: costsOf(results, name) }));
  const x = linear(Math.max(...bars.map(({ costs }) => sum(costs))), [LEFT, RIGHT]);
  const bottom = TOP + bars.length * (BAR + GAP);
  const drawn = bars.flatMap(({ text, costs }, row) => {
    const y = TOP + row * (BAR + GAP) + GAP / 2;
    const parts = costs.flatMap((cost, index) => {
      const from = x.at(sum(costs.slice(0, index)));
      const width = x.at(cost) - LEFT;
      const middle = from + width / 2;
      const box = rectangle({ x: from, y }, width, BAR, `part-${index}`);
      return width < MIN_LABELLED
        ? [box]
        : [box, label(middle, y + BAR / 2 + 5, figure(cost), 'on-part', 'middle')];
    });
    const total = label(x.at(sum(costs)) + 8, y + BAR / 2 + 5, figure(sum(costs)), 'ink title');
    return [...parts, label(LEFT - 12, y + BAR / 2 + 5, text, 'ink', 'end'), total];
  });
  const legend = PARTS.flatMap(([, text], index) => [
    rectangle({ x: LEFT + index * 110, y: 42 }, 14, 14, `part-${index}`),
    label(LEFT + index * 110 + 20, 54, text),
  ]);
  const axis = x.ticks.flatMap((tick) => [
    segment({ x: x.at(tick), y: TOP }, { x: x.at(tick), y: bottom }, 'grid axis'),
    label(x.at(tick), bottom + 18, figure(tick), 'faint', 'middle'),
  ]);
  const { cpus, model } = results.machine;
  return drawing(WIDTH, HEIGHT, 'CPU time per completed run by process', [
    label(LEFT, 26, 'CPU time of a completed run by process, µs', 'ink title'),
    ...legend,
    ...axis,
    ...drawn,
    label(WIDTH - 16, HEIGHT - 8, `${cpus} × ${model}, ${results.date.slice(0, 10)}`, 'faint', 'end'),
  ]);
}
