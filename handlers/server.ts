/** The API process: all routes, or those named in HANDLERS. Ends with 0 after SIGTERM or SIGINT. */
import { readConfigOrExit } from '../lib/config.ts';
import { openDeps } from '../lib/deps.ts';
import { createApp } from '../lib/http/app.ts';
import { openServer, type ApiServer } from '../lib/http/serve.ts';
import { loadRoutes, ROUTE_NAMES } from './routes.ts';

const config = readConfigOrExit(ROUTE_NAMES);
const routes = await loadRoutes(config.handlers);
const dependencies = openDeps(config);
const { deps } = dependencies;
const stopping = new AbortController();
const app = createApp(routes, deps, { stopping: stopping.signal, documented: () => loadRoutes([]) });

async function openServerOrExit(): Promise<ApiServer> {
  try {
    return await openServer(app, config);
  } catch (error) {
    // The message names the cause and the address, for example EADDRINUSE.
    process.stderr.write(`api: ${error instanceof Error ? error.message : 'cannot listen'}\n`);
    process.exit(1);
  }
}

const server = await openServerOrExit();
deps.log.info({ event: 'api_listening', host: config.host, port: server.port });

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  deps.log.info({ event: 'api_stopping' });
  await server.stop(config.shutdownGraceMs);
  await dependencies.close();
  process.exit(0);
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
