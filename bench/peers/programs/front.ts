/** The least HTTP front that starts runs, for systems that have none. */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { tellReady } from './channel.ts';

/** Serves `POST /runs`. @param start starts a run durably and returns its id */
export function serveFront(start: () => Promise<string>): void {
  const app = new Hono();
  app.post('/runs', async (context) => {
    await context.req.json();
    return context.json({ id: await start() }, 201);
  });
  serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, (info: AddressInfo) => tellReady(info.port));
}
