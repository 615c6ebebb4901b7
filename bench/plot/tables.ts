/** Results as tables of Markdown. */
import { goalText } from '../lib/goals.ts';
import type { Results } from '../lib/results.ts';
import type { CurveFile } from '../offered/file.ts';
import type { SoakFile } from '../soak/samples.ts';
import { figure } from './svg.ts';

/** @param rows the first is the head */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_cell, index) => (index === 0 ? '---|' : '--:|')).join('')}`,
    ...body.map(line),
  ].join('\n');
}

const orDash = (value: number | null, digits: number): string =>
  value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits);

const VERDICT = new Map<boolean | null, string>([
  [true, 'met'],
  [false, '**missed**'],
  [null, ''],
]);

/** The table of `npm run bench`. */
export function resultsTable({ date, commit, machine, disk, versions, sizes, lines }: Results): string {
  const { node, postgres, redis } = versions;
  const rows = lines.map((line) => {
    const { name, unit, digits, baseline, vespid, ratio, isMet, goal } = line;
    const goalCell = goal === undefined ? '' : goalText(goal, line);
    return [
      `${name.trim()}, ${unit}`,
      orDash(baseline, digits),
      orDash(vespid, digits),
      orDash(ratio, 2),
      goalCell,
      VERDICT.get(isMet) ?? '',
    ];
  });
  return [
    `${date.slice(0, 10)}, commit ${commit}: ${machine.cpus} × ${machine.model}, ${machine.memoryGb} GB, Node ${node}, ` +
      `PostgreSQL ${postgres}, Redis ${redis}; a commit alone takes ${disk.commitMs.toFixed(2)} ms` +
      `${disk.flushMs === 0 ? '' : ` (${disk.flushMs} ms added to each flush)`}; medians of ${sizes.rounds} interleaved rounds.`,
    '',
    table([['', 'usual design', 'Vespid', 'ratio', 'goal', ''], ...rows]),
  ].join('\n');
}

/** The points of an offered-load curve that are told in numbers: around saturation and beyond. */
const TOLD = [0.5, 1, 2, 4];

/** What became of the load that was offered. */
export function curveTable({ systems }: CurveFile): string {
  const head = ['offered, by saturation', 'offered/s', 'created/s', 'refused/s', 'unsent/s', 'completed/s'];
  const rows = Object.entries(systems).flatMap(([name, { saturationPerSecond, points }]) =>
    points
      .filter(({ offeredPerSecond }) =>
        TOLD.some((told) => Math.abs(offeredPerSecond / saturationPerSecond / told - 1) < 0.1),
      )
      .map((point) => [
        `${name === 'vespid' ? 'Vespid' : 'usual design'}, ${(point.offeredPerSecond / saturationPerSecond).toFixed(1)} ×`,
        figure(point.offeredPerSecond),
        figure(point.createdPerSecond),
        figure(point.refusedPerSecond),
        figure(point.lostPerSecond),
        figure(point.completedPerSecond),
        orDash(point.createdP99Ms, 0),
        orDash(point.refusedP99Ms, 0),
        `${point.apiMb.toFixed(0)} / ${point.workerMb.toFixed(0)}`,
      ]),
  );
  return table([[...head, 'p99 to 201, ms', 'p99 to 503, ms', 'API / worker, MB'], ...rows]);
}

const FIGURES = {
  apiResidentMb: 'API, resident',
  apiHeapMb: 'API, heap after a full collection',
  workerResidentMb: 'worker, resident',
  workerHeapMb: 'worker, heap after a full collection',
  redisMb: 'Redis, used memory',
} as const;

/** Whether memory grew over a soak. */
export function soakTable({ date, runs, ratePerSecond, slopes, samples }: SoakFile): string {
  const last = samples.at(-1);
  const rows = Object.entries(FIGURES).map(([name, text]) => {
    // The names are those of the slopes.
    const key = name as keyof typeof FIGURES;
    const { slope, standardError, isFlat } = slopes[key];
    const verdict = isFlat ? 'flat within noise' : '**grows**';
    return [
      text,
      orDash(last?.[key] ?? null, 1),
      `${slope.toFixed(3)} ± ${standardError.toFixed(3)}`,
      verdict,
    ];
  });
  return [
    `${date.slice(0, 10)}: ${figure(runs)} runs at ${figure(ratePerSecond)}/s.`,
    '',
    table([['', 'at the end, MB', 'MB for each 100\u202F000 runs', ''], ...rows]),
  ].join('\n');
}

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->`.
 * @throws {Error} when the page has no such section
 */
export function replaceSection(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(start);
  const until = page.indexOf(end);
  if (from === -1 || until < from) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(until)}`;
}
