/** What `Response` and `Headers` are in the API's bundles: node-server's light class, and one that is loaded when used. */
export { Response } from '@hono/node-server';
export { Headers } from './lazy-web.ts';
