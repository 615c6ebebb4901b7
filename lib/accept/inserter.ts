/** Inserts runs: those of different requests share a statement, and each request keeps its own bound and outcome. */
import { createBatcher } from '../batch.ts';
import type { Sql } from '../db/client.ts';
import { bounded, DatabaseTimeout, statementOutcome, type Database } from '../db/failure.ts';
import { InsertFailed, insertRuns, type CheckedRun, type InsertedRun } from '../db/runs/insert.ts';
import { insertReruns } from '../db/runs/rerun.ts';

/** Of one statement. */
const MAX_ROWS = 100;
const MAX_BYTES = 1024 * 1024;
const MAX_IN_FLIGHT = 2;
/** The part of its time that a run may wait for its statement; the statement has what is left. */
const MAX_WAIT_PART = 0.5;

export interface Inserter {
  /**
   * Inserts the runs of one request, all of one org. A single one shares its statement with others; many, and reruns,
   * which bring their progress, have their own.
   * @returns of each run that was inserted: its row
   * @throws {InsertFailed}
   */
  insert(items: readonly CheckedRun[]): Promise<InsertedRun[]>;
}

interface Waiting extends CheckedRun {
  /** performance.now() */
  since: number;
}

/** A connection for each of the shared statements that are under way at a time. */
export const INSERT_CONNECTIONS = MAX_IN_FLIGHT;

/** @param shared for the statements that requests share, with `INSERT_CONNECTIONS`; the others go through `sql` */
export function openInserter({ sql, shared, config }: Database & { shared: Sql }): Inserter {
  const { databaseTimeoutMs } = config;
  const batcher = createBatcher<Waiting, InsertedRun | null>({
    send(items) {
      const oldest = items.reduce((since, item) => Math.min(since, item.since), performance.now());
      return insertRuns(shared, items, databaseTimeoutMs - (performance.now() - oldest));
    },
    maxItems: MAX_ROWS,
    maxBytes: MAX_BYTES,
    sizeOf: ({ run }) => run.inputText.length,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaitMs: databaseTimeoutMs * MAX_WAIT_PART,
    late: () => new InsertFailed('none', new DatabaseTimeout(false)),
    isolates: (error) => error instanceof InsertFailed && error.outcome === 'bug',
  });

  async function insertRepeats(items: readonly CheckedRun[]): Promise<InsertedRun[]> {
    const versions = new Map(items.map(({ run, checkedVersion }) => [run, checkedVersion]));
    const query = insertReruns(sql, [...versions.keys()], (run) => versions.get(run) ?? null);
    try {
      return await bounded(query, databaseTimeoutMs);
    } catch (error) {
      throw new InsertFailed(statementOutcome(query, error), error);
    }
  }

  return {
    async insert(items) {
      if (items.some(({ run }) => run.rerun !== undefined)) return insertRepeats(items);
      const [only] = items;
      const rows =
        items.length === 1 && only !== undefined
          ? [await batcher.add({ ...only, since: performance.now() })]
          : await insertRuns(sql, items, databaseTimeoutMs);
      return rows.filter((row) => row !== null);
    },
  };
}
