/** Orgs, and what belongs to an org as a whole. */
import { index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, time } from './columns.ts';

export const orgs = pgTable('orgs', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: createdAt(),
});

export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    name: text('name'),
    /** SHA-256 of the secret part, in hex. The secret itself is shown once and never stored. */
    secretHash: text('secret_hash').notNull(),
    scopes: text('scopes').array().notNull(),
    createdAt: createdAt(),
    revokedAt: time('revoked_at'),
  },
  (t) => [index('api_keys_org').on(t.orgId, t.id)],
);

/** What an org may use; a limit that is null does not bind. */
export const orgLimits = pgTable('org_limits', {
  orgId: uuid('org_id')
    .primaryKey()
    .references(() => orgs.id),
  /** Runs that are executed at the same time. */
  maxRunsInFlight: integer('max_runs_in_flight'),
  /** Runs in status `queued`. */
  maxRunsQueued: integer('max_runs_queued'),
  maxRequestsPerMinute: integer('max_requests_per_minute'),
  updatedAt: time('updated_at').notNull().defaultNow(),
});

/** Values that workflows read as `$secrets`; sealed, never answered. */
export const secrets = pgTable(
  'secrets',
  {
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    name: text('name').notNull(),
    /** Which of the deployment's keys sealed the value. */
    keyId: text('key_id').notNull(),
    /** Base64 of nonce, ciphertext and tag (AES-256-GCM). */
    sealed: text('sealed').notNull(),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'secrets_pk', columns: [t.orgId, t.name] })],
);
