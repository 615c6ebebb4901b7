/** GET /v1/orgs/:orgId/events: what came in, what runs emitted, and the life of runs, newest first. */
import { listEvents, type EventRow } from '../lib/db/events/events.ts';
import { bounded } from '../lib/db/failure.ts';
import { toRfc3339 } from '../lib/db/time.ts';
import { readEventFilter } from '../lib/events/filter.ts';
import { PAGE_QUERY, readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

const toItem = ({ id, kind, run_id: runId, created_at: createdAt, envelope }: EventRow) => ({
  id,
  kind,
  runId,
  receivedAt: toRfc3339(createdAt),
  event: envelope,
});

export default orgRoute({
  name: 'list-events',
  method: 'get',
  paths: ['/v1/orgs/:orgId/events'],
  summary: 'List events: received, emitted by runs, and of the life of runs',
  access: 'runs:read',
  query: {
    ...PAGE_QUERY,
    type: 'only events of this type',
    source: 'only events of this source',
    kind: '`received`, `emitted` or `lifecycle`',
    runId: 'only events that this run emitted, or that tell of it',
  },
  answers: {
    200: '`{ items: [{ id, kind, runId, receivedAt, event }], nextCursor }`; `event` is the CloudEvent',
  },
  async handler({ c, deps, caller }) {
    const filter = readEventFilter(c, caller.orgId);
    const page = readPage(c);
    const query = listEvents(deps.sql, filter, { before: page.before, limit: page.limit + 1 });
    const rows = await bounded(query, deps.config.databaseTimeoutMs);
    const { items, nextCursor } = toPage(rows, page, ({ id }) => id);
    return c.json({ items: items.map(toItem), nextCursor });
  },
});
