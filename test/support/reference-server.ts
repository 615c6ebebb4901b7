/**
 * An HTTP server in a process of its own that does nothing: what it takes to answer is what the machine and the
 * test itself add to every latency. It shares nothing with the API, so a stall of the API does not show in it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PROGRAM = `
  const server = require('node:http').createServer((_request, response) => response.end('{}'));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.once('disconnect', () => process.exit());`;

export interface ReferenceServer {
  url: string;
  stop(): Promise<void>;
}

export async function startReferenceServer(): Promise<ReferenceServer> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
