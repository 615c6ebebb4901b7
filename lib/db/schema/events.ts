/** CloudEvents: who sent them, who waits for them, who is sent them. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { createdAt, time } from './columns.ts';
import { orgs } from './orgs.ts';

/** CloudEvents that came in, were emitted by runs, or tell of the life of runs. Dispatched once, in the order of their ids. */
export const events = pgTable(
  'events',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    /** `received`, `emitted` or `lifecycle`. */
    kind: text('kind').notNull(),
    type: text('type').notNull(),
    source: text('source').notNull(),
    /** SHA-256 in hex of the event's source and id, which name it (CloudEvents 1.0, section 3.1.1). */
    identity: text('identity').notNull(),
    /** The event in the JSON format of CloudEvents. */
    envelope: json('envelope').notNull(),
    /** The run that emitted it, or that it tells of. */
    runId: uuid('run_id'),
    createdAt: createdAt(),
    /** When listeners, schedules and subscriptions had been looked through. */
    dispatchedAt: time('dispatched_at'),
  },
  (t) => [
    uniqueIndex('events_identity').on(t.orgId, t.identity),
    index('events_org').on(t.orgId, t.id),
    index('events_type').on(t.orgId, t.type, t.id),
    index('events_undispatched')
      .on(t.id)
      .where(sql`${t.dispatchedAt} IS NULL`),
  ],
);

/** Who waits for which events: the filters of `listen` tasks and of schedules with `on`. */
export const eventListeners = pgTable(
  'event_listeners',
  {
    /** The run or the schedule. */
    ownerId: uuid('owner_id').notNull(),
    owner: text('owner').notNull(),
    /** Which `listen` of the run: its idempotency key. */
    key: text('key').notNull(),
    /** Which filter of the strategy. */
    filter: smallint('filter').notNull(),
    orgId: uuid('org_id').notNull(),
    /** The type that the event must have; null when more than one will do. */
    type: text('type'),
    /** An expression on the event, and SHA-256 in hex of the JSON text of the value it must have; null without one. */
    correlateFrom: text('correlate_from'),
    correlateValue: text('correlate_value'),
    /** The whole filter: what a candidate is checked against. */
    condition: json('condition').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ name: 'event_listeners_pk', columns: [t.ownerId, t.key, t.filter] }),
    index('event_listeners_match').on(t.orgId, t.type, t.correlateFrom, t.correlateValue),
  ],
);

/** Events that matched a listener, in the order in which they were dispatched. */
export const eventInbox = pgTable(
  'event_inbox',
  {
    ownerId: uuid('owner_id').notNull(),
    key: text('key').notNull(),
    eventId: uuid('event_id').notNull(),
    /** Grows from event to event. */
    seq: bigint('seq', { mode: 'number' }).generatedAlwaysAsIdentity(),
  },
  (t) => [
    primaryKey({ name: 'event_inbox_pk', columns: [t.ownerId, t.key, t.eventId] }),
    index('event_inbox_read').on(t.ownerId, t.key, t.seq),
    index('event_inbox_event').on(t.eventId),
  ],
);

/** HTTP endpoints that are sent events. */
export const eventSubscriptions = pgTable(
  'event_subscriptions',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    url: text('url').notNull(),
    /** Types, each in full or with `*` at its end. */
    types: text('types').array().notNull(),
    /** One of them can be that of a lifecycle event. */
    lifecycle: boolean('lifecycle').notNull(),
    /** Signs what is sent; sealed as secrets are. */
    keyId: text('key_id').notNull(),
    sealed: text('sealed').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    /** Nothing is sent any more, and why. */
    disabledAt: time('disabled_at'),
    disabledReason: text('disabled_reason'),
  },
  (t) => [index('event_subscriptions_org').on(t.orgId, t.id)],
);

/** An event on its way to a subscriber. */
export const eventDeliveries = pgTable(
  'event_deliveries',
  {
    subscriptionId: uuid('subscription_id').notNull(),
    eventId: uuid('event_id').notNull(),
    orgId: uuid('org_id').notNull(),
    attemptCount: integer('attempt_count').notNull().default(0),
    /** When the next attempt is due; null when it was delivered or given up. */
    nextAttemptAt: time('next_attempt_at').defaultNow(),
    deliveredAt: time('delivered_at'),
    /** HTTP status of the last answer; null when there was none. */
    lastStatus: smallint('last_status'),
    lastError: text('last_error'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ name: 'event_deliveries_pk', columns: [t.subscriptionId, t.eventId] }),
    index('event_deliveries_due')
      .on(t.nextAttemptAt)
      .where(sql`${t.nextAttemptAt} IS NOT NULL`),
    index('event_deliveries_event').on(t.eventId),
  ],
);
