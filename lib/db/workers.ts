/** Worker processes: heartbeats, and the one that leads. */
import type { Sql } from './client.ts';
import { isActive } from './runs/open.ts';

export interface WorkerIdentity {
  id: string;
  hostname: string;
  pid: number;
  concurrency: number;
  /** The newest format that it reads (lib/formats.ts). */
  readsFormat: number;
}

/** A run that this worker believes to hold. */
export interface HeldLease {
  runId: string;
  lease: number;
}

/** What a beat is answered: runs that the worker is to stop, and what the workers read. */
export type BeatAnswer =
  /** `lost`: cancelled or taken over; `suspended`: to be suspended. */
  | { kind: 'lost' | 'suspended'; run_id: string; lease: number }
  /** The newest format that every other live worker reads; null when there is none. */
  | { kind: 'format'; format: number | null };

/** Says that the worker is alive. One statement a beat, whatever it holds. */
export const beat = (
  sql: Sql,
  worker: WorkerIdentity,
  state: { held: readonly HeldLease[]; stopping: boolean; leaseMs: number },
) => sql<BeatAnswer[]>`
  WITH alive AS (
    INSERT INTO workers (id, hostname, pid, concurrency, reads_format)
    VALUES (${worker.id}, ${worker.hostname}, ${worker.pid}, ${worker.concurrency}, ${worker.readsFormat})
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(),
      stopping_at = CASE WHEN ${state.stopping} THEN COALESCE(workers.stopping_at, now()) END
  )
  SELECT CASE WHEN r.id IS NULL THEN 'lost' ELSE 'suspended' END AS kind, h.run_id, h.lease, NULL::int AS format
  FROM unnest(${state.held.map((h) => h.runId)}::uuid[], ${state.held.map((h) => h.lease)}::int[]) AS h(run_id, lease)
  LEFT JOIN workflow_runs r ON r.id = h.run_id AND r.lease = h.lease AND r.status = 'running'
  WHERE r.id IS NULL OR r.suspending
  UNION ALL
  SELECT 'format', NULL, NULL, (
    SELECT min(reads_format) FROM workers
    WHERE id <> ${worker.id} AND heartbeat_at > now() - ${state.leaseMs} * interval '1 millisecond')::int`;

/** A graceful end: the row goes, so nobody waits for the lease of a worker that is known to be gone. */
export const removeWorker = (sql: Sql, workerId: string) => sql`DELETE FROM workers WHERE id = ${workerId}`;

/** Forgets workers whose last heartbeat is an hour old. */
export const removeDeadWorkers = (sql: Sql) => sql`
  DELETE FROM workers WHERE heartbeat_at < now() - interval '1 hour'
    AND NOT EXISTS (
      SELECT 1 FROM workflow_runs WHERE claimed_by = workers.id AND status = 'running' AND ${isActive(sql)})`;

/**
 * Takes or keeps the lead of a duty for `holdMs`. No row: somebody else leads. A row with an expiry, because
 * session locks break behind transaction-mode poolers.
 */
export const lead = (sql: Sql, name: string, workerId: string, holdMs: number) => sql<{ holder: string }[]>`
  INSERT INTO leaders (name, holder, expires_at)
  VALUES (${name}, ${workerId}, now() + ${holdMs} * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE leaders.holder = excluded.holder OR leaders.expires_at < now()
  RETURNING holder`;

/** Gives the lead back at a graceful end. */
export const yieldLead = (sql: Sql, workerId: string) => sql`DELETE FROM leaders WHERE holder = ${workerId}`;
