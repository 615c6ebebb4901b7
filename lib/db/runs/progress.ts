/** The parts of progress trees that do not fit their runs' rows, as parts of the statement that writes the rows. */
import type { WrittenTree } from '../../engine/parts.ts';
import type { Sql } from '../client.ts';

/** A run and the tree that is written for it; null: none. */
export interface TreeOfRun {
  runId: string;
  tree: WrittenTree | null;
}

/** Parts of a statement whose CTE `u` is the runs' rows, with `id`, of those whose leases hold. */
export function writeParts(sql: Sql, trees: readonly TreeOfRun[]) {
  const written = trees.flatMap(({ runId, tree }) =>
    (tree?.written ?? []).map((part) => ({ runId, ...part })),
  );
  const dropped = trees.flatMap(({ runId, tree }) => (tree?.dropped ?? []).map((id) => ({ runId, id })));
  return sql`
  ${
    written.length === 0
      ? sql``
      : sql`, p AS (
    INSERT INTO workflow_run_progress (run_id, part, body)
    SELECT u.id, n.part, n.body::json
    FROM u JOIN unnest(
      ${written.map(({ runId }) => runId)}::uuid[],
      ${written.map(({ id }) => id)}::int[],
      ${written.map(({ text }) => text)}::text[]
    ) AS n(id, part, body) ON n.id = u.id
    ON CONFLICT (run_id, part) DO UPDATE SET body = excluded.body)`
  }
  ${
    dropped.length === 0
      ? sql``
      : sql`, d AS (
    DELETE FROM workflow_run_progress p USING u JOIN unnest(
      ${dropped.map(({ runId }) => runId)}::uuid[],
      ${dropped.map(({ id }) => id)}::int[]
    ) AS n(id, part) ON n.id = u.id
    WHERE p.run_id = ANY (ARRAY[n.id]) AND p.part = ANY (ARRAY[n.part]))`
  }`;
}
