/** Columns that many tables have. */
import { timestamp } from 'drizzle-orm/pg-core';

export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'string' });
export const createdAt = () => time('created_at').notNull().defaultNow();
