/** GET /openapi.json */
import { toOpenApi } from '../lib/http/openapi.ts';
import { openRoute } from '../lib/http/route.ts';

export default openRoute({
  name: 'openapi',
  method: 'get',
  paths: ['/openapi.json'],
  access: 'public',
  summary: 'This API as an OpenAPI 3.1 document.',
  answers: { 200: 'The document.' },
  handler: async ({ c, documented }) => c.json(toOpenApi(await documented())),
});
