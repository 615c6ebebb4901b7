/** Throughput and p99 against the offered load: two panels with one axis of load. */
import type { Curve, CurveFile } from '../offered/file.ts';
import type { Point } from '../offered/step.ts';
import { linear, logarithmic, type Scale } from './scale.ts';
import { dot, drawing, figure, label, polyline, segment } from './svg.ts';

const WIDTH = 820;
const LEFT = 76;
const RIGHT = 600;
const PANELS = [
  { top: 56, bottom: 270 },
  { top: 330, bottom: 544 },
] as const;
const HEIGHT = 606;
const LEGEND_X = RIGHT + 24;

const NAMES = { vespid: 'Vespid', baseline: 'the usual design' } as const;
type Name = keyof typeof NAMES;

interface Series {
  name: Name;
  text: string;
  dash: string;
  read(point: Point): number;
  points: readonly Point[];
}

interface Panel {
  title: string;
  unit: string;
  y: Scale;
  series: Series[];
}

const WHOLE = '';
const DASHED = '6 4';

/** Two lines of each system: what its API did, and what its worker did. */
function seriesOf(
  systems: readonly [Name, Curve][],
  [api, worker]: [Pick<Series, 'text' | 'read'>, Pick<Series, 'text' | 'read'>],
): Series[] {
  return systems.flatMap(([name, { points }]) => [
    { name, points, dash: WHOLE, ...api },
    { name, points, dash: DASHED, ...worker },
  ]);
}

function axes(
  { title, unit, y }: Panel,
  { top, bottom }: { top: number; bottom: number },
  x: Scale,
): string[] {
  return [
    label(LEFT, top - 14, title, 'ink title'),
    label(LEFT - 10, top - 14, unit, 'faint', 'end'),
    ...y.ticks.flatMap((tick) => [
      segment({ x: LEFT, y: y.at(tick) }, { x: RIGHT, y: y.at(tick) }, 'grid axis'),
      label(LEFT - 10, y.at(tick) + 4, figure(tick), 'faint', 'end'),
    ]),
    ...x.ticks.flatMap((tick) => [
      segment({ x: x.at(tick), y: bottom }, { x: x.at(tick), y: bottom + 5 }, 'grid axis'),
      label(x.at(tick), bottom + 20, figure(tick), 'faint', 'middle'),
    ]),
  ];
}

function lines({ y, series }: Panel, top: number, x: Scale): string[] {
  return series.flatMap(({ name, text, dash, read, points }, index) => {
    const places = points.map((point) => ({ x: x.at(point.offeredPerSecond), y: y.at(read(point)) }));
    const legendY = top + 8 + index * 40;
    const from = { x: LEGEND_X, y: legendY };
    return [
      polyline(places, name, dash),
      ...places.map((one) => dot(one, `${name}-fill`)),
      polyline([from, { x: LEGEND_X + 30, y: legendY }], name, dash),
      label(LEGEND_X + 38, legendY + 4, NAMES[name]),
      label(LEGEND_X + 38, legendY + 20, text, 'faint'),
    ];
  });
}

/** @returns an SVG document */
export function curveChart({ systems, machine, flushMs }: CurveFile): string {
  const curves = (Object.keys(NAMES) as Name[]).flatMap((name): [Name, Curve][] => {
    const curve = systems[name];
    return curve === undefined ? [] : [[name, curve]];
  });
  const points = curves.flatMap(([, curve]) => curve.points);
  const offered = points.map((point) => point.offeredPerSecond);
  const x = logarithmic([Math.min(...offered), Math.max(...offered)], [LEFT, RIGHT]);
  const times = points.flatMap((point) => [point.createdP99Ms, point.finishedP99Ms]).filter(Number.isFinite);
  const [upper, lower] = PANELS;
  const most = Math.max(...points.flatMap((point) => [point.createdPerSecond, point.completedPerSecond]));
  const throughput: Panel = {
    title: 'Done while the load is offered',
    unit: '/s',
    y: linear(most, [upper.bottom, upper.top]),
    series: seriesOf(curves, [
      { text: 'created', read: (point) => point.createdPerSecond },
      { text: 'completed', read: (point) => point.completedPerSecond },
    ]),
  };
  const latency: Panel = {
    title: 'p99 of what is accepted',
    unit: 'ms',
    y: logarithmic([Math.min(...times), Math.max(...times)], [lower.bottom, lower.top]),
    series: seriesOf(curves, [
      { text: 'POST → 201', read: (point) => point.createdP99Ms },
      { text: 'POST → finished', read: (point) => point.finishedP99Ms },
    ]),
  };
  const caption = 'Offered load, requests a second (open loop, log scale)';
  return drawing(WIDTH, HEIGHT, 'Throughput and p99 latency against the offered load', [
    ...axes(throughput, upper, x),
    ...lines(throughput, upper.top, x),
    ...axes(latency, lower, x),
    ...lines(latency, lower.top, x),
    label((LEFT + RIGHT) / 2, lower.bottom + 44, caption, 'ink', 'middle'),
    label(
      WIDTH - 16,
      HEIGHT - 8,
      flushMs === 0 ? machine : `${machine}, ${flushMs} ms more a flush`,
      'faint',
      'end',
    ),
  ]);
}
