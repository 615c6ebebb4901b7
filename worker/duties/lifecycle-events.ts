/**
 * Turns what timelines tell into lifecycle events, for orgs that follow the life of their runs. The events of a row
 * are stored before its note is removed, and have the same ids each time: repeated after a crash, nothing is twice.
 */
import { insertEvents, type NewEvent } from '../../lib/db/events/events.ts';
import { findNoted, removeNoted, type NotedTimeline } from '../../lib/db/events/lifecycle.ts';
import { bounded } from '../../lib/db/failure.ts';
import { toNewEvent } from '../../lib/events/store.ts';
import { keys } from '../../lib/queue/connection.ts';
import { toLifecycleEvent } from '../../lib/subscriptions/lifecycle.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

const EVERY_MS = 250;
/** Timeline rows of one piece of work, and of their text. */
const PAGE_ROWS = 100;
const PAGE_BYTES = 256 << 10;
/** Events of one statement. */
const INSERT_ROWS = 1000;

type LifecycleDeps = Pick<WorkerDeps, 'sql' | 'config' | 'queue'>;

function toEvents(row: NotedTimeline): NewEvent[] {
  const { run_id: runId, org_id: orgId, namespace, name, version } = row;
  const run = { runId, orgId, document: { namespace, name, version } };
  return (row.entries ?? []).flatMap((entry, index) => {
    const event = toLifecycleEvent(run, entry, row.first + index);
    return event === null ? [] : [toNewEvent(event, { orgId, kind: 'lifecycle', runId })];
  });
}

/** @returns the duty of the leader */
export function createLifecycleEvents({ sql, config, queue }: LifecycleDeps): Duty {
  async function store(events: readonly NewEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += INSERT_ROWS) {
      await bounded(insertEvents(sql, events.slice(from, from + INSERT_ROWS)), config.databaseTimeoutMs);
    }
    if (events.length > 0) queue.redis.publish(keys(config.queueName).eventHints, '').catch(() => {});
  }

  return {
    name: 'lifecycle-events',
    everyMs: EVERY_MS,
    who: 'leader',
    async tick() {
      const page = findNoted(sql, { limit: PAGE_ROWS, maxBytes: PAGE_BYTES });
      const rows = await bounded(page, config.databaseTimeoutMs);
      if (rows.length === 0) return false;
      await store(rows.flatMap(toEvents));
      await bounded(removeNoted(sql, rows), config.databaseTimeoutMs);
      return true;
    },
  };
}
