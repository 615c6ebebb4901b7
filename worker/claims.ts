/**
 * The claims of this worker, on connections of their own and so few at a time that none waits inside of one: what waits
 * does it where orgs take turns, and not behind the writes of other runs.
 */
import type { Sql } from '../lib/db/client.ts';
import { bounded, DatabaseTimeout } from '../lib/db/failure.ts';
import { claimRun, type ClaimedRun } from '../lib/db/runs/claim.ts';
import { createOrgGate, type OrgGate } from './org-gate.ts';

export interface Claims {
  /**
   * Claims a run of the org.
   * @returns undefined when it is not to be had
   * @throws what a database throws that is not available
   */
  claim(orgId: string, claim: Parameters<typeof claimRun>[1]): Promise<ClaimedRun | undefined>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** Enters, or rejects as a query does that no connection has taken in time. */
async function enter(gate: OrgGate, orgId: string, timeoutMs: number): Promise<void> {
  const entering = gate.enter(orgId);
  if (entering === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, timeoutMs, true)));
  const isLate = await Promise.race([entering.then(() => false), late]);
  clearTimeout(timer);
  if (!isLate) return;
  void entering.then(() => gate.leave());
  throw new DatabaseTimeout(false);
}

/** @param connections that `sql` has */
export function createClaims(sql: Sql, connections: number, databaseTimeoutMs: number): Claims {
  const gate = createOrgGate(connections);
  return {
    async claim(orgId, claim) {
      await enter(gate, orgId, databaseTimeoutMs);
      try {
        const [claimed] = await bounded(claimRun(sql, claim), databaseTimeoutMs);
        return claimed;
      } finally {
        gate.leave();
      }
    },
    close: () => sql.end({ timeout: 1 }),
  };
}
