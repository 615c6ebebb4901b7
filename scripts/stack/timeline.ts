/** A run's timeline as a table for the terminal. */
import type { TimelineItem } from './dev-client.ts';

/** One line per entry: its number, the milliseconds since the first, its type and its task. */
export function formatTimeline(items: TimelineItem[]): string {
  const ordered = [...items].sort((a, b) => Number(a.id) - Number(b.id));
  const first = Date.parse(ordered[0]?.at ?? '');
  const rows = ordered.map(({ id, type, at, task }) => [
    String(id),
    `+${Date.parse(at) - first} ms`,
    type,
    task ?? '',
  ]);
  const table = [['#', 'at', 'type', 'task'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
