/** The worker's own small HTTP server: liveness, readiness and metrics for the platform it runs on. */
import { createServer, type ServerResponse } from 'node:http';
import type { Metrics } from '../lib/telemetry/metrics.ts';

interface WorkerState {
  /** Postgres took the last heartbeat and the worker is not stopping. */
  takesRuns: boolean;
  /** Postgres took the last heartbeat. */
  database: boolean;
}

export interface HealthOptions {
  port: number;
  host: string;
  metrics: Metrics;
  state(): WorkerState;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function answer(path: string, response: ServerResponse, { metrics, state }: HealthOptions): void {
  if (path === '/health/live' || path === '/livez') json(response, 200, { status: 'live' });
  else if (path === '/health/ready' || path === '/readyz') {
    const { takesRuns, database } = state();
    const status = takesRuns ? 'ready' : 'not_ready';
    json(response, takesRuns ? 200 : 503, { status, checks: { database: database ? 'up' : 'down' } });
  } else if (path === '/metrics') {
    metrics.render().then(
      ({ text, contentType }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  } else json(response, 404, { title: 'Not found', status: 404 });
}

/** Listens until the process ends; answers with the port. @throws when the port is taken */
export async function openHealth(options: HealthOptions): Promise<{ port: number }> {
  const server = createServer((request, response) => {
    answer(request.url?.split('?')[0] ?? '/', response, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : options.port };
}
