/** GET /metrics: Prometheus text. */
import { openRoute } from '../lib/http/route.ts';

export default openRoute({
  name: 'metrics',
  method: 'get',
  paths: ['/metrics'],
  access: 'public',
  summary: 'Metrics of this process for Prometheus.',
  answers: { 200: 'The text exposition format.' },
  async handler({ c, deps }) {
    const { text, contentType } = await deps.metrics.render();
    return c.body(text, 200, { 'content-type': contentType });
  },
});
