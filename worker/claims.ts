/**
 * The claims of this worker: those that come together share a statement. On connections of their own, so that none waits
 * behind the other statements of the worker.
 */
import { createBatcher } from '../lib/batch.ts';
import type { Config } from '../lib/config.ts';
import type { Sql } from '../lib/db/client.ts';
import { bounded, DatabaseTimeout } from '../lib/db/failure.ts';
import { claimRuns, type Claim, type ClaimedRun } from '../lib/db/runs/claim.ts';
import type { WorkerIdentity } from '../lib/db/workers.ts';
import { MAX_IN_FLIGHT, MAX_STATEMENT_ROWS, newestFirst, wasRefused } from './statements.ts';

/** A connection for each of the statements that are under way at a time. */
export const CLAIM_CONNECTIONS = MAX_IN_FLIGHT;

export interface Claims {
  /**
   * Claims a run.
   * @returns undefined when it is not to be had
   * @throws what a database throws that is not available
   */
  claim(claim: Claim): Promise<ClaimedRun | undefined>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** A claim is one attempt's, whatever else asks for its run. */
function take(claimed: Map<string, ClaimedRun>, runId: string): ClaimedRun | undefined {
  const row = claimed.get(runId);
  claimed.delete(runId);
  return row;
}

/** @param sql with `CLAIM_CONNECTIONS` */
export function createClaims(
  sql: Sql,
  { databaseTimeoutMs, leaseMs, maxFormat }: Pick<Config, 'databaseTimeoutMs' | 'leaseMs' | 'maxFormat'>,
  { id: workerId }: Pick<WorkerIdentity, 'id'>,
): Claims {
  const by = { workerId, leaseMs, maxFormat };
  const limits = {
    maxInFlight: CLAIM_CONNECTIONS,
    late: () => new DatabaseTimeout(false),
    isolates: wasRefused,
  };
  async function send(claims: readonly Claim[]): Promise<(ClaimedRun | undefined)[]> {
    const sorted = claims.toSorted((left, right) => newestFirst(left.runId, right.runId));
    const rows = await bounded(claimRuns(sql, sorted, by), databaseTimeoutMs);
    const claimed = new Map(rows.map((row) => [row.id, row]));
    return claims.map(({ runId }) => take(claimed, runId));
  }
  // Those of a refused batch, too, one a connection: behind one that waits for a lock they would be given up, and then land.
  const alone = createBatcher<Claim, ClaimedRun | undefined>({
    ...limits,
    send,
    maxItems: 1,
    maxWaitMs: 2 * databaseTimeoutMs,
  });
  const batcher = createBatcher<Claim, ClaimedRun | undefined>({
    ...limits,
    send: async (claims) =>
      claims.length === 1 ? Promise.all(claims.map(async (claim) => alone.add(claim))) : send(claims),
    maxItems: MAX_STATEMENT_ROWS,
    maxWaitMs: databaseTimeoutMs,
  });
  return { claim: async (claim) => batcher.add(claim), close: async () => sql.end({ timeout: 1 }) };
}
