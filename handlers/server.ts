/** The API process: all routes, or those named in HANDLERS. Ends with 0 after SIGTERM or SIGINT. */
import { ConfigError, readConfigOrExit } from '../lib/config.ts';
import { openDeps } from '../lib/deps.ts';
import { createApp } from '../lib/http/app.ts';
import { openServer, type ApiServer } from '../lib/http/serve.ts';
import type { Route } from '../lib/http/route.ts';
import { loadRoutes } from './routes.ts';

const config = readConfigOrExit();

async function loadRoutesOrExit(): Promise<Route[]> {
  try {
    return await loadRoutes(config.handlers);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems)
      process.stderr.write(`config: ${problem.name} ${problem.message}\n`);
    process.exit(78);
  }
}

const routes = await loadRoutesOrExit();
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
