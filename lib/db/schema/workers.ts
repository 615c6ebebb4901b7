/** Worker processes. */
import { integer, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { time } from './columns.ts';

/** Worker processes. Alive = a heartbeat younger than the lease, by the database's clock. */
export const workers = pgTable('workers', {
  id: uuid('id').primaryKey(),
  hostname: text('hostname').notNull(),
  pid: integer('pid').notNull(),
  concurrency: integer('concurrency').notNull(),
  startedAt: time('started_at').notNull().defaultNow(),
  heartbeatAt: time('heartbeat_at').notNull().defaultNow(),
  /** Set at a graceful stop: takes no more jobs. */
  stoppingAt: time('stopping_at'),
  /** The newest format of payload and progress that it reads (lib/formats.ts). */
  readsFormat: smallint('reads_format').notNull().default(1),
});

/** One leader at a time for a named duty: a row with an expiry, since session locks break behind poolers. */
export const leaders = pgTable('leaders', {
  name: text('name').primaryKey(),
  holder: uuid('holder').notNull(),
  expiresAt: time('expires_at').notNull(),
});
