/** The results as a table for the terminal. */
import { goalText, isMet, type Line } from './goals.ts';

const HEAD = ['', 'baseline', 'Vespid', 'ratio', 'goal', ''];

const number = (value: number, digits: number): string => (Number.isNaN(value) ? '-' : value.toFixed(digits));

function row(line: Line): string[] {
  const { name, unit, digits, baseline, vespid, goal } = line;
  const met = isMet(line);
  return [
    `${name}, ${unit}`,
    number(baseline, digits),
    number(vespid, digits),
    Number.isNaN(baseline) ? '' : `${(vespid / baseline).toFixed(2)} ×`,
    goal === undefined ? '' : goalText(goal, line),
    met === null ? '' : met ? 'met' : 'MISSED',
  ];
}

/** One line of text per line, in columns. */
export function formatTable(lines: readonly Line[]): string {
  const rows = [HEAD, ...lines.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 || column > 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
