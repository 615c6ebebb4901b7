/** A stack of a benchmark's own: Postgres with fsync, Redis, an API and a worker, thrown away afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { bringUp, type LocalStack } from '../scripts/stack/bring-up.ts';
import { openLifetime, type Lifetime } from '../scripts/stack/lifetime.ts';
import { readSettings } from '../scripts/stack/settings.ts';

const ROOT = join(import.meta.dirname, '..');

export interface BenchStack {
  stack: LocalStack;
  sql: postgres.Sql;
  org: { orgId: string; apiKey: string };
  lifetime: Lifetime;
}

/** Runs a benchmark on a stack and ends the process. @param env settings of API and worker */
export async function onStack(
  env: Record<string, string>,
  bench: (stack: BenchStack) => Promise<void>,
): Promise<never> {
  const lifetime = openLifetime();
  let code = 0;
  try {
    const dataDir = mkdtempSync(join(tmpdir(), 'vespid-bench-'));
    lifetime.onClose('data folder', () => rmSync(dataDir, { recursive: true, force: true }));
    Object.assign(process.env, { PORT: '0', VESPID_DATA_DIR: dataDir, ...env });
    const stack = await bringUp(ROOT, readSettings(process.env, 0), lifetime);
    const sql = postgres(stack.dev.databaseUrl, { max: 2, fetch_types: false, onnotice: () => {} });
    lifetime.onClose('connections', () => sql.end({ timeout: 1 }));
    await bench({ stack, sql, org: stack.dev, lifetime });
  } catch (error) {
    console.error(error);
    code = 1;
  }
  await lifetime.close();
  process.exit(code);
}

/** An HTTP service that answers at once and is told of every request. */
export async function openTarget(
  lifetime: Lifetime,
  onRequest: (request: IncomingMessage) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    onRequest(request);
    request.resume();
    response.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  lifetime.onClose('target', () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One figure of a benchmark. */
export const line = (name: string, value: string): void => console.log(`  ${name.padEnd(52)} ${value}`);
