/** Events on their way to subscribers: who is to get what, who sends it now, and what became of it. */
import type { Sql } from '../client.ts';

/**
 * Makes a delivery of each of these events to every subscription of its org that follows its type. Again changes
 * nothing. A pattern is a type, or ends with `*` (lib/subscriptions/pattern.ts).
 */
export const insertDeliveries = (sql: Sql, eventIds: readonly string[]) => sql`
  INSERT INTO event_deliveries (subscription_id, event_id, org_id)
  SELECT s.id, e.id, e.org_id
  FROM events e JOIN event_subscriptions s ON s.org_id = e.org_id AND s.disabled_at IS NULL
  WHERE e.id = ANY(${[...eventIds]}::uuid[]) AND EXISTS (
    SELECT 1 FROM unnest(s.types) AS p(pattern)
    WHERE p.pattern = e.type OR (right(p.pattern, 1) = '*' AND starts_with(e.type, left(p.pattern, -1))))
  ON CONFLICT DO NOTHING`;

/** A delivery that this worker is to attempt now. */
export interface ClaimedDelivery {
  subscription_id: string;
  event_id: string;
  org_id: string;
  /** This attempt's number, from 1: what it writes counts only while no other has begun. */
  attempt_count: number;
  url: string;
  key_id: string;
  sealed: string;
  /** The event as JSON text. */
  body: string;
}

/** What a worker takes on. */
export interface DeliveryIntake {
  /** Due deliveries that are looked at. */
  window: number;
  /** Of those, how many are taken. */
  limit: number;
  /** At the same time, of one org and of one subscription. */
  maxPerOrg: number;
  maxPerSubscription: number;
  /** How many the worker has under way, by the ids of orgs and of subscriptions. */
  held: Readonly<Record<string, number>>;
  /** Orgs and subscriptions that it takes nothing of. */
  closedIds: readonly string[];
  /** After so long without a result, another worker attempts it again. */
  leaseMs: number;
}

/**
 * Claims deliveries that are due, the longest due first, and counts the attempt. Those of a subscription or an event
 * that is gone are removed; those of a disabled subscription end. Every row says how many were looked at; there is one
 * without a delivery when none was taken.
 */
export const claimDeliveries = (sql: Sql, intake: DeliveryIntake) => sql<
  ({ looked: number } & (ClaimedDelivery | { subscription_id: null }))[]
>`
  WITH due AS (
    SELECT subscription_id, event_id, org_id, next_attempt_at FROM event_deliveries
    WHERE next_attempt_at <= now() AND subscription_id <> ALL(${[...intake.closedIds]}::uuid[])
      AND org_id <> ALL(${[...intake.closedIds]}::uuid[])
    ORDER BY next_attempt_at LIMIT ${intake.window} FOR UPDATE SKIP LOCKED
  ), known AS (
    SELECT due.*, s.url, s.key_id, s.sealed, s.disabled_at, s.id IS NULL OR e.id IS NULL AS is_gone,
      row_number() OVER (PARTITION BY due.subscription_id ORDER BY due.next_attempt_at, due.event_id)
        + COALESCE((h.held ->> due.subscription_id::text)::int, 0) AS of_subscription,
      COALESCE((h.held ->> due.org_id::text)::int, 0) AS held_of_org
    FROM due CROSS JOIN (SELECT ${JSON.stringify(intake.held)}::text::jsonb AS held) h
    LEFT JOIN event_subscriptions s ON s.id = due.subscription_id AND s.org_id = due.org_id
    LEFT JOIN events e ON e.id = due.event_id AND e.org_id = due.org_id
  ), removed AS (
    DELETE FROM event_deliveries d USING known k
    WHERE d.subscription_id = k.subscription_id AND d.event_id = k.event_id AND k.is_gone
  ), ended AS (
    UPDATE event_deliveries d SET next_attempt_at = NULL, last_error = 'the subscription is disabled'
    FROM known k
    WHERE d.subscription_id = k.subscription_id AND d.event_id = k.event_id AND NOT k.is_gone
      AND k.disabled_at IS NOT NULL
  ), fitting AS (
    SELECT k.*, row_number() OVER (PARTITION BY k.org_id ORDER BY k.next_attempt_at, k.event_id) + k.held_of_org AS of_org
    FROM known k
    WHERE NOT k.is_gone AND k.disabled_at IS NULL AND k.of_subscription <= ${intake.maxPerSubscription}
  ), chosen AS (
    SELECT * FROM fitting WHERE of_org <= ${intake.maxPerOrg}
    ORDER BY next_attempt_at, event_id LIMIT ${intake.limit}
  ), taken AS (
    UPDATE event_deliveries d SET attempt_count = d.attempt_count + 1,
      next_attempt_at = now() + make_interval(secs => ${intake.leaseMs / 1000})
    FROM chosen c WHERE d.subscription_id = c.subscription_id AND d.event_id = c.event_id
    RETURNING d.subscription_id, d.event_id, d.org_id, d.attempt_count, c.url, c.key_id, c.sealed
  )
  SELECT w.looked, t.*, e.envelope::text AS body
  FROM (SELECT count(*)::int AS looked FROM due) w
  LEFT JOIN taken t ON true LEFT JOIN events e ON e.id = t.event_id`;

type Attempted = Pick<ClaimedDelivery, 'subscription_id' | 'event_id' | 'attempt_count'>;

/** The subscriber has it, whichever attempt brought it. */
export const markDelivered = (sql: Sql, delivery: Attempted, status: number) => sql`
  UPDATE event_deliveries SET delivered_at = GREATEST(now(), created_at), next_attempt_at = NULL,
    last_status = ${status}, last_error = NULL
  WHERE subscription_id = ${delivery.subscription_id} AND event_id = ${delivery.event_id} AND delivered_at IS NULL`;

/** Why an attempt failed, and when the next one is due. */
export interface DeliveryFailure {
  /** null: there was no answer. */
  status: number | null;
  error: string;
  /** null: given up. */
  delayMs: number | null;
}

/** The attempt failed. Nothing happens when another one has begun or the delivery has ended. */
export const markFailed = (sql: Sql, delivery: Attempted, { status, error, delayMs }: DeliveryFailure) => sql`
  UPDATE event_deliveries SET last_status = ${status}, last_error = ${error},
    next_attempt_at = now() + make_interval(secs => ${delayMs === null ? null : delayMs / 1000})
  WHERE subscription_id = ${delivery.subscription_id} AND event_id = ${delivery.event_id}
    AND attempt_count = ${delivery.attempt_count} AND delivered_at IS NULL AND next_attempt_at IS NOT NULL`;
