/** HTTP endpoints that are sent events, as callers see them: never the secret that signs. */
import { bounded, type Database } from '../failure.ts';
import type { Sql } from '../client.ts';
import type { Sealed } from '../../secrets/seal.ts';
import { toRfc3339 } from '../time.ts';

/** Subscriptions that an org can have. */
export const MAX_SUBSCRIPTIONS = 100;

export interface Subscription {
  id: string;
  url: string;
  types: readonly string[];
  createdAt: string;
  /** Since when nothing is sent any more, and why; null while it is. */
  disabledAt: string | null;
  disabledReason: string | null;
}

/** How the deliveries of a subscription stand; events that have expired no longer count. */
export interface DeliveryCounts {
  /** Due now or later. */
  pending: number;
  delivered: number;
  /** Given up. */
  failed: number;
  /** Of the last attempt for the newest event that was attempted: null without an answer, or without an error. */
  lastStatus: number | null;
  lastError: string | null;
  lastDeliveredAt: string | null;
}

interface SubscriptionRow {
  id: string;
  url: string;
  types: string[];
  created_at: string;
  disabled_at: string | null;
  disabled_reason: string | null;
}

const columns = (sql: Sql) =>
  sql`id, url, array_to_json(types) AS types, created_at, disabled_at, disabled_reason`;

const toSubscription = (row: SubscriptionRow): Subscription => ({
  id: row.id,
  url: row.url,
  types: row.types,
  createdAt: toRfc3339(row.created_at),
  disabledAt: toRfc3339(row.disabled_at),
  disabledReason: row.disabled_reason,
});

export interface NewSubscription extends Sealed {
  id: string;
  orgId: string;
  url: string;
  types: readonly string[];
  /** It follows lifecycle events (lib/subscriptions/pattern.ts). */
  lifecycle: boolean;
  /** Id of the API key. */
  createdBy: string;
}

/** Stores a subscription; null when the org has as many as it can have (racing requests may pass that by a few). */
export async function insertSubscription(
  { sql, config }: Database,
  subscription: NewSubscription,
): Promise<Subscription | null> {
  const { id, orgId, url, types, lifecycle, keyId, sealed, createdBy } = subscription;
  const query = sql<SubscriptionRow[]>`
    INSERT INTO event_subscriptions (id, org_id, url, types, lifecycle, key_id, sealed, created_by)
    SELECT ${id}, ${orgId}, ${url}, ${[...types]}::text[], ${lifecycle}, ${keyId}, ${sealed}, ${createdBy}
    WHERE (SELECT count(*) FROM event_subscriptions WHERE org_id = ${orgId}) < ${MAX_SUBSCRIPTIONS}
    RETURNING ${columns(sql)}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row === undefined ? null : toSubscription(row);
}

/** The org's subscriptions, newest first: at most `limit` with an id before `before`. */
export async function listSubscriptions(
  { sql, config }: Database,
  orgId: string,
  { limit, before }: { limit: number; before: string | null },
): Promise<Subscription[]> {
  const query = sql<SubscriptionRow[]>`
    SELECT ${columns(sql)} FROM event_subscriptions
    WHERE org_id = ${orgId} AND (${before}::uuid IS NULL OR id < ${before}::uuid)
    ORDER BY id DESC LIMIT ${limit}`;
  return (await bounded(query, config.databaseTimeoutMs)).map(toSubscription);
}

interface CountRow {
  pending: number;
  delivered: number;
  failed: number;
  last_status: number | null;
  last_error: string | null;
  last_delivered_at: string | null;
}

/** One subscription with its deliveries; null when the org has none of that id. */
export async function findSubscription(
  { sql, config }: Database,
  orgId: string,
  id: string,
): Promise<(Subscription & { deliveries: DeliveryCounts }) | null> {
  const query = sql<(SubscriptionRow & CountRow)[]>`
    SELECT ${columns(sql)}, c.*, l.* FROM event_subscriptions s
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE next_attempt_at IS NOT NULL)::int AS pending,
        count(delivered_at)::int AS delivered,
        count(*) FILTER (WHERE next_attempt_at IS NULL AND delivered_at IS NULL)::int AS failed,
        max(delivered_at) AS last_delivered_at
      FROM event_deliveries WHERE subscription_id = s.id
    ) c
    LEFT JOIN LATERAL (
      SELECT last_status, last_error FROM event_deliveries
      WHERE subscription_id = s.id AND (last_status IS NOT NULL OR last_error IS NOT NULL)
      ORDER BY event_id DESC LIMIT 1
    ) l ON true
    WHERE s.org_id = ${orgId} AND s.id = ${id}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  if (row === undefined) return null;
  const { pending, delivered, failed, last_status: lastStatus, last_error: lastError } = row;
  const lastDeliveredAt = toRfc3339(row.last_delivered_at);
  return {
    ...toSubscription(row),
    deliveries: { pending, delivered, failed, lastStatus, lastError, lastDeliveredAt },
  };
}

/** Of one statement; what is left of the deliveries goes when it is due, or with its event. */
const MAX_DELETED_DELIVERIES = 5000;

/** Removes a subscription and its deliveries; false when the org has none of that id. */
export async function deleteSubscription(
  { sql, config }: Database,
  orgId: string,
  id: string,
): Promise<boolean> {
  const query = sql<{ id: string }[]>`
    WITH s AS (
      DELETE FROM event_subscriptions WHERE org_id = ${orgId} AND id = ${id} RETURNING id
    ), d AS (
      DELETE FROM event_deliveries WHERE (subscription_id, event_id) IN (
        SELECT d.subscription_id, d.event_id FROM s JOIN event_deliveries d ON d.subscription_id = s.id
        LIMIT ${MAX_DELETED_DELIVERIES})
    )
    SELECT id FROM s`;
  return (await bounded(query, config.databaseTimeoutMs)).length > 0;
}

/** Nothing is sent to it any more. No row: it was disabled before, or is gone. */
export const disableSubscription = (sql: Sql, id: string, reason: string) => sql<{ id: string }[]>`
  UPDATE event_subscriptions SET disabled_at = GREATEST(now(), created_at), disabled_reason = ${reason}
  WHERE id = ${id} AND disabled_at IS NULL RETURNING id`;

/** The same, if so many deliveries that were made since anything was last delivered have been given up. */
export const disableUnreachable = (sql: Sql, id: string, minFailed: number, reason: string) => sql<
  { id: string }[]
>`
  UPDATE event_subscriptions SET disabled_at = GREATEST(now(), created_at), disabled_reason = ${reason}
  WHERE id = ${id} AND disabled_at IS NULL AND ${minFailed} <= (
    SELECT count(*) FROM event_deliveries d
    WHERE d.subscription_id = ${id} AND d.next_attempt_at IS NULL AND d.delivered_at IS NULL
      AND d.created_at >= COALESCE(
        (SELECT max(delivered_at) FROM event_deliveries WHERE subscription_id = ${id}), '-infinity'))
  RETURNING id`;
