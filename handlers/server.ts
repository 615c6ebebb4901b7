/** The API process: all routes, or those named in HANDLERS. Ends with 0 after SIGTERM or SIGINT. */
import { readConfigOrExit } from '../lib/config.ts';
import { openDeps } from '../lib/deps.ts';
import { keepHeapSmall } from '../lib/heap.ts';
import { createApp, type App } from '../lib/http/app.ts';
import { openServer, type ApiServer } from '../lib/http/serve.ts';
import { loadRoutes, ROUTE_NAMES } from './routes.ts';

const config = readConfigOrExit(ROUTE_NAMES);
const dependencies = openDeps(config);
const { deps } = dependencies;
const stopping = new AbortController();
let server: ApiServer | undefined;

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  deps.log.info({ event: 'api_stopping' });
  await server?.stop(config.shutdownGraceMs);
  await dependencies.close();
  process.exit(0);
}

// Before the routes load, which takes most of a start: PID 1 of a container loses a signal that it does not handle yet.
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

// Redis and Postgres are connected to while the routes load.
dependencies.connect();

async function openServerOrExit(app: App): Promise<ApiServer> {
  try {
    return await openServer(app, { host: config.host, port: config.port, overload: deps.overload });
  } catch (error) {
    // The message names the cause and the address, for example EADDRINUSE.
    process.stderr.write(`api: ${error instanceof Error ? error.message : 'cannot listen'}\n`);
    process.exit(1);
  }
}

const routes = await loadRoutes(config.handlers);
// Asked to stop meanwhile, it serves nothing.
if (!stopping.signal.aborted) {
  const app = createApp(routes, deps, { stopping: stopping.signal, documented: () => loadRoutes([]) });
  server = await openServerOrExit(app);
  deps.log.info({ event: 'api_listening', host: config.host, port: server.port });
  keepHeapSmall();
}
