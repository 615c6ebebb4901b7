/** Storing events, each once, and telling whoever dispatches them. */
import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { Config } from '../config.ts';
import { insertEvents, type EventKind, type NewEvent } from '../db/events/events.ts';
import { bounded, type Database } from '../db/failure.ts';
import type { CloudEvent } from '../engine/types.ts';
import { keys } from '../queue/connection.ts';
import type { Producer } from '../queue/producer.ts';

export interface EventStore extends Database {
  config: Pick<Config, 'databaseTimeoutMs' | 'queueName'>;
  queue: Pick<Producer, 'redis'>;
}

/** Where events come from. */
export interface EventOrigin {
  orgId: string;
  kind: EventKind;
  /** The run that emitted them, or that they tell of. */
  runId: string | null;
}

/** What names an event in its org: `source` and `id` (CloudEvents 1.0.2, section 3.1.1); SHA-256 in hex. */
const eventIdentity = (source: string, id: string): string =>
  createHash('sha256').update(`${source}\0${id}`).digest('hex');

const attribute = (event: CloudEvent, name: string): string => {
  const value = event[name];
  if (typeof value !== 'string') throw new TypeError(`the event has no ${name}`);
  return value;
};

/** The row of a checked event; its id, by which it is ordered, is made here. */
export function toNewEvent(event: CloudEvent, origin: EventOrigin): NewEvent {
  const source = attribute(event, 'source');
  return {
    ...origin,
    id: uuidv7(),
    type: attribute(event, 'type'),
    source,
    identity: eventIdentity(source, attribute(event, 'id')),
    envelopeText: JSON.stringify(event),
  };
}

/**
 * Stores events of one origin in one statement: all or none. One that the org has already (same `source` and `id`,
 * within its retention) changes nothing.
 * @param events checked ones (lib/events/envelope.ts)
 * @returns for each, in order, whether it is new
 * @throws what the database throws; then it may be repeated
 */
export async function storeEvents(
  store: EventStore,
  events: readonly CloudEvent[],
  origin: EventOrigin,
): Promise<boolean[]> {
  if (events.length === 0) return [];
  const rows = events.map((event) => toNewEvent(event, origin));
  const inserted = await bounded(insertEvents(store.sql, rows), store.config.databaseTimeoutMs);
  const fresh = new Set(inserted.map(({ id }) => id));
  if (fresh.size > 0) hintEvents(store);
  return rows.map(({ id }) => fresh.has(id));
}

/** Tells the dispatcher to look now and not at its next poll. Without Redis nothing is lost but a second. */
function hintEvents({ queue, config }: EventStore): void {
  queue.redis.publish(keys(config.queueName).eventHints, '').catch(() => {});
}
