/** GET /health/live: the process answers. Touches neither Postgres nor Redis. */
import { openRoute } from '../lib/http/route.ts';

export default openRoute({
  name: 'health-live',
  method: 'get',
  paths: ['/health/live', '/livez'],
  access: 'public',
  summary: 'Whether the process answers; depends on nothing else.',
  answers: { 200: '`{ status: "live" }`' },
  handler: async ({ c }) => c.json({ status: 'live' }),
});
