/** The worker's own small HTTP server: liveness, readiness and metrics for the platform it runs on. */
import { createServer, type Server } from 'node:http';
import type { Metrics } from '../lib/telemetry/metrics.ts';

export interface HealthOptions {
  port: number;
  host: string;
  metrics: Metrics;
  /** Whether the worker takes runs: Postgres took its last heartbeat and it is not stopping. */
  ready(): boolean;
}

/** Listens until the process ends; answers with the port. @throws when the port is taken */
export async function openHealth(options: HealthOptions): Promise<{ port: number }> {
  const server: Server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/health/live' || path === '/livez') response.writeHead(200).end('{"status":"ok"}');
    else if (path === '/health/ready' || path === '/readyz') {
      const ready = options.ready();
      response.writeHead(ready ? 200 : 503).end(JSON.stringify({ status: ready ? 'ok' : 'unavailable' }));
    } else if (path === '/metrics') {
      options.metrics.render().then(
        ({ text, contentType }) => response.writeHead(200, { 'content-type': contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : options.port };
}
