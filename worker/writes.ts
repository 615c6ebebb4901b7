/** The writes of the attempts that this worker holds: those that come together share a statement. */
import { createBatcher } from '../lib/batch.ts';
import type { Sql } from '../lib/db/client.ts';
import { bounded, DatabaseTimeout, type PendingStatement } from '../lib/db/failure.ts';
import {
  leaveRuns,
  writeCheckpoints,
  type Checkpoint,
  type Fence,
  type LastWrite,
  type LeftRun,
} from '../lib/db/runs/write.ts';
import {
  MAX_IN_FLIGHT,
  MAX_STATEMENT_LENGTH,
  MAX_STATEMENT_ROWS,
  newestFirst,
  wasRefused,
} from './statements.ts';

/**
 * Sends a write, once.
 * @param alone in a statement of its own
 * @returns null when the write was void
 * @throws what a database throws that is not available
 */
type Send<Write, Row> = (write: Write, alone: boolean) => Promise<Row | null>;

/** A connection for each of the statements of a kind that are under way at a time; the two kinds share them. */
export const WRITE_CONNECTIONS = MAX_IN_FLIGHT;

export interface Writes {
  checkpoint: Send<Checkpoint, { lease: number }>;
  leave: Send<LastWrite, LeftRun>;
  /** Ends the connections. */
  close(): Promise<void>;
}

interface Kind<Write, Row> {
  statement(writes: readonly Write[]): PendingStatement<Row[]>;
  /** UTF-16 units of its texts. */
  lengthOf(write: Write): number;
  /** Has to have a statement of its own. */
  isLone(write: Write): boolean;
}

function createSend<Write extends { fence: Fence }, Row extends { id: string }>(
  { statement, lengthOf, isLone }: Kind<Write, Row>,
  databaseTimeoutMs: number,
): Send<Write, Row> {
  async function send(writes: readonly Write[]): Promise<(Row | null)[]> {
    const sorted = writes.toSorted((left, right) => newestFirst(left.fence.runId, right.fence.runId));
    const rows = await bounded(statement(sorted), databaseTimeoutMs);
    const written = new Map(rows.map((row) => [row.id, row]));
    return writes.map(({ fence }) => written.get(fence.runId) ?? null);
  }
  const batcher = createBatcher<Write, Row | null>({
    send,
    maxItems: MAX_STATEMENT_ROWS,
    maxBytes: MAX_STATEMENT_LENGTH,
    sizeOf: lengthOf,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaitMs: databaseTimeoutMs,
    late: () => new DatabaseTimeout(false),
    isolates: wasRefused,
  });
  return async (write, alone) =>
    alone || isLone(write) ? ((await send([write]))[0] ?? null) : batcher.add(write);
}

const treeLength = (tree: Checkpoint['tree'] | null): number =>
  tree === null ? 0 : tree.written.reduce((sum, { text }) => sum + text.length, tree.rootText.length);

/** @param sql with `WRITE_CONNECTIONS` */
export const createWrites = (sql: Sql, databaseTimeoutMs: number): Writes => ({
  checkpoint: createSend(
    {
      statement: (checkpoints: readonly Checkpoint[]) => writeCheckpoints(sql, checkpoints),
      lengthOf: ({ tree, batch }) => treeLength(tree) + batch.entriesText.length,
      isLone: () => false,
    },
    databaseTimeoutMs,
  ),
  leave: createSend(
    {
      statement: (writes: readonly LastWrite[]) => leaveRuns(sql, writes),
      lengthOf: ({ leave, batch }) =>
        treeLength(leave.tree) +
        (leave.outputText?.length ?? 0) +
        (leave.errorText?.length ?? 0) +
        batch.entriesText.length,
      isLone: ({ leave }) => leave.wakesParent,
    },
    databaseTimeoutMs,
  ),
  close: async () => sql.end({ timeout: 1 }),
});
