/** Limits of runs in flight of the orgs whose runs this worker takes: one query every other second for all of them. */
import type { Sql } from '../lib/db/client.ts';
import { bounded } from '../lib/db/failure.ts';
import { inFlightLimits } from '../lib/db/limits.ts';

/** An org of which nothing came for so long is forgotten, ms. */
const FORGET_MS = 60_000;
/** Beyond it the one that was seen first goes. */
const MAX_ORGS = 10_000;

interface Known {
  limit: number | null;
  seenAtMs: number;
}

export interface InFlightLimits {
  /**
   * The org's limit, null when it has none; asks the database the first time. While that is away: none. An org is
   * forgotten when nobody has asked for a minute.
   */
  of(orgId: string): Promise<number | null>;
  /** What is known without asking; undefined for an org that is not known. */
  known(orgId: string): number | null | undefined;
  /** A run of the org has come: it is not forgotten. */
  seen(orgId: string): void;
  /** Reads all of them again. @throws what a database throws that is not available */
  refresh(): Promise<void>;
}

/** @param now milliseconds; only tests give their own */
export function createInFlightLimits(
  sql: Sql,
  databaseTimeoutMs: number,
  now = () => performance.now(),
): InFlightLimits {
  const orgs = new Map<string, Known>();
  /** The last query for orgs that were not known. */
  let underWay: Promise<unknown> = Promise.resolve();
  /** What is asked about while it is under way, with the query that follows it. */
  let next: { orgIds: Set<string>; limits: Promise<Map<string, number>> } | null = null;

  async function load(orgIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await bounded(inFlightLimits(sql, orgIds), databaseTimeoutMs);
    return new Map(rows.map((row) => [row.org_id, row.max_runs_in_flight]));
  }

  function keep(orgId: string, limit: number | null, seenAtMs: number): void {
    orgs.delete(orgId);
    orgs.set(orgId, { limit, seenAtMs });
    const oldest = orgs.keys().next();
    if (orgs.size > MAX_ORGS && !oldest.done) orgs.delete(oldest.value);
  }

  function loadSoon(orgId: string): Promise<Map<string, number>> {
    if (next === null) {
      const orgIds = new Set<string>();
      const limits = underWay.then(() => {
        next = null;
        return load([...orgIds]);
      });
      underWay = limits.catch(() => {});
      next = { orgIds, limits };
    }
    next.orgIds.add(orgId);
    return next.limits;
  }

  async function ask(orgId: string): Promise<number | null> {
    try {
      const limit = (await loadSoon(orgId)).get(orgId) ?? null;
      keep(orgId, limit, now());
      return limit;
    } catch {
      return null;
    }
  }

  return {
    async of(orgId) {
      const known = orgs.get(orgId);
      if (known === undefined) return ask(orgId);
      known.seenAtMs = now();
      return known.limit;
    },
    known: (orgId) => orgs.get(orgId)?.limit,
    seen(orgId) {
      const known = orgs.get(orgId);
      if (known !== undefined) known.seenAtMs = now();
    },
    async refresh() {
      for (const [orgId, { seenAtMs }] of orgs) if (now() - seenAtMs > FORGET_MS) orgs.delete(orgId);
      if (orgs.size === 0) return;
      const limits = await load([...orgs.keys()]);
      for (const [orgId, known] of orgs) known.limit = limits.get(orgId) ?? null;
    },
  };
}
