/** Listeners: who waits for which events. */
import type { Sql } from '../client.ts';

/** One filter of a listener. */
export interface NewListener {
  filter: number;
  /** The type that the event must have; null when more than one will do. */
  type: string | null;
  /** An expression on the event, and SHA-256 in hex of the value it must have; null without one. */
  correlateFrom: string | null;
  correlateValue: string | null;
  /** Serialised JSON: the whole filter. */
  conditionText: string;
}

/** A run's attempt that begins to listen. */
export interface ListeningRun {
  runId: string;
  orgId: string;
  lease: number;
  /** Names the `listen` in the run. */
  key: string;
}

/**
 * Inserts the filters of a run's listener, in place of those of an earlier try that came to no end; fenced on the run's
 * lease, whose row it locks: an end of the run that comes meanwhile either keeps the listener from being or finds it.
 */
export const insertListeners = (sql: Sql, run: ListeningRun, listeners: readonly NewListener[]) => sql`
  INSERT INTO event_listeners (owner_id, owner, key, filter, org_id, type, correlate_from, correlate_value, condition)
  SELECT r.id, 'run', ${run.key}, n.filter, r.org_id, n.type, n.correlate_from, n.correlate_value, n.condition::json
  FROM workflow_runs r CROSS JOIN unnest(
    ${listeners.map((listener) => listener.filter)}::int[],
    ${listeners.map((listener) => listener.type)}::text[],
    ${listeners.map((listener) => listener.correlateFrom)}::text[],
    ${listeners.map((listener) => listener.correlateValue)}::text[],
    ${listeners.map((listener) => listener.conditionText)}::text[]
  ) AS n (filter, type, correlate_from, correlate_value, condition)
  WHERE r.id = ${run.runId} AND r.org_id = ${run.orgId} AND r.lease = ${run.lease} AND r.status = 'running'
  FOR SHARE OF r
  ON CONFLICT (owner_id, key, filter) DO UPDATE SET type = excluded.type, correlate_from = excluded.correlate_from,
    correlate_value = excluded.correlate_value, condition = excluded.condition`;

/** Removes one listener of a run. What was collected for it is removed after that (`deleteInbox`). */
export const deleteListener = (sql: Sql, ownerId: string, key: string) => sql`
  DELETE FROM event_listeners WHERE owner_id = ${ownerId} AND key = ${key}`;

/**
 * Removes the listeners of runs or schedules, with what was collected for them. What is collected at that very moment
 * is swept away later (`sweepInbox`).
 */
export const deleteListeners = (sql: Sql, ownerIds: readonly string[]) => sql`
  WITH i AS (DELETE FROM event_inbox WHERE owner_id = ANY(${[...ownerIds]}::uuid[]))
  DELETE FROM event_listeners WHERE owner_id = ANY(${[...ownerIds]}::uuid[])`;
