/** The timeline of a run, oldest first: as a list, or live as server-sent events. */
import { readVersionPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';
import { loadRun } from '../lib/runs/load.ts';
import { streamTimeline } from '../lib/runs/stream.ts';
import { timelineAfter } from '../lib/runs/timeline.ts';

export default orgRoute({
  name: 'run-events',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId/events', '/v1/orgs/:orgId/runs/:runId/events'],
  summary: 'Read or follow the timeline of a run, oldest first',
  access: 'runs:read',
  query: { limit: '1 to 200', cursor: 'nextCursor of the page before' },
  headers: {
    Accept: 'text/event-stream streams it live until the terminal event',
    'Last-Event-ID': 'go on after this event (streaming)',
  },
  answers: {
    200: '`items` and `nextCursor`, or a stream of events',
    204: 'Streaming: the run has ended and nothing comes after `Last-Event-ID`',
  },
  async handler(context) {
    const { c, deps } = context;
    const row = await loadRun(context);
    if (/\btext\/event-stream\b/.test(c.req.header('accept') ?? '')) return streamTimeline(context, row);
    const page = readVersionPage(c);
    const items = await timelineAfter(deps, row, page.before ?? -1, page.limit + 1);
    return c.json(toPage(items, page, (item) => item.id));
  },
});
