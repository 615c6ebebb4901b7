/** Events: their insertion, their list, and which are still to be dispatched. */
import type { CloudEvent } from '../../engine/types.ts';
import type { Sql } from '../client.ts';

export const EVENT_KINDS = ['received', 'emitted', 'lifecycle'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** An event to store. */
export interface NewEvent {
  /** UUIDv7: events are dispatched and listed in the order of their ids. */
  id: string;
  orgId: string;
  kind: EventKind;
  type: string;
  source: string;
  /** SHA-256 in hex of source and id (lib/events/store.ts). */
  identity: string;
  /** Serialised JSON. */
  envelopeText: string;
  /** The run that emitted it, or that it tells of. */
  runId: string | null;
}

/**
 * Inserts events, each once: one whose identity the org has already is left out of the answer. In the order of their
 * identities, so that two batches with the same events cannot wait for each other.
 */
export const insertEvents = (sql: Sql, events: readonly NewEvent[]) => sql<{ id: string }[]>`
  INSERT INTO events (id, org_id, kind, type, source, identity, envelope, run_id)
  SELECT n.id, n.org_id, n.kind, n.type, n.source, n.identity, n.envelope::json, n.run_id
  FROM unnest(
    ${events.map((event) => event.id)}::uuid[],
    ${events.map((event) => event.orgId)}::uuid[],
    ${events.map((event) => event.kind)}::text[],
    ${events.map((event) => event.type)}::text[],
    ${events.map((event) => event.source)}::text[],
    ${events.map((event) => event.identity)}::text[],
    ${events.map((event) => event.envelopeText)}::text[],
    ${events.map((event) => event.runId)}::uuid[]
  ) AS n (id, org_id, kind, type, source, identity, envelope, run_id)
  ORDER BY n.org_id, n.identity, n.id
  ON CONFLICT (org_id, identity) DO NOTHING
  RETURNING id`;

export interface EventFilter {
  orgId: string;
  type: string | null;
  source: string | null;
  kind: EventKind | null;
  runId: string | null;
}

export interface EventRow {
  id: string;
  kind: EventKind;
  run_id: string | null;
  created_at: string;
  envelope: CloudEvent;
}

/** Newest first, by their ids. */
export const listEvents = (
  sql: Sql,
  filter: EventFilter,
  page: { before: string | null; limit: number },
) => sql<EventRow[]>`
  SELECT id, kind, run_id, created_at, envelope FROM events
  WHERE org_id = ${filter.orgId}
    ${filter.type === null ? sql`` : sql`AND type = ${filter.type}`}
    ${filter.source === null ? sql`` : sql`AND source = ${filter.source}`}
    ${filter.kind === null ? sql`` : sql`AND kind = ${filter.kind}`}
    ${filter.runId === null ? sql`` : sql`AND run_id = ${filter.runId}::uuid`}
    ${page.before === null ? sql`` : sql`AND id < ${page.before}::uuid`}
  ORDER BY id DESC
  LIMIT ${page.limit}`;

/** An event that is still to be dispatched, without its envelope, which may be large and is rarely needed. */
export interface OpenEvent {
  id: string;
  org_id: string;
  kind: EventKind;
  type: string;
}

/**
 * Events that are still to be dispatched, in the order of their ids.
 * @param exceptOrgIds orgs whose turn is over
 */
export const findOpenEvents = (sql: Sql, exceptOrgIds: readonly string[], limit: number) => sql<OpenEvent[]>`
  SELECT id, org_id, kind, type FROM events
  WHERE dispatched_at IS NULL
    ${exceptOrgIds.length === 0 ? sql`` : sql`AND org_id <> ALL(${[...exceptOrgIds]}::uuid[])`}
  ORDER BY id
  LIMIT ${limit}`;

export const findEnvelope = (sql: Sql, eventId: string) => sql<{ envelope: CloudEvent }[]>`
  SELECT envelope FROM events WHERE id = ${eventId}`;

/** Listeners, schedules and subscriptions have been looked through. */
export const markDispatched = (sql: Sql, eventIds: readonly string[]) => sql`
  UPDATE events SET dispatched_at = now()
  WHERE id = ANY(${[...eventIds]}::uuid[]) AND dispatched_at IS NULL`;
