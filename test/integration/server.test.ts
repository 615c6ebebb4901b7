import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, testRedisUrl, waitUntil, type TestDatabase } from '../support/stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => database.drop());

/** Starts handlers/server.ts as a process of its own. */
function start(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'handlers/server.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      REDIS_URL: testRedisUrl(),
      HOST: '127.0.0.1',
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const listening = async (): Promise<string> => {
    const port = await waitUntil(() => /"event":"api_listening".*"port":(\d+)/.exec(output.out)?.[1], {
      what: `the server listens: ${output.err}`,
      timeoutMs: 20_000,
    });
    return `http://127.0.0.1:${port}`;
  };
  return { child, output, ended, listening };
}

describe('the API process', () => {
  it('listens, serves only the routes of HANDLERS, and ends with 0 after SIGTERM', async () => {
    const { child, ended, listening, output } = start({ HANDLERS: 'health-live,docs' });
    const base = await listening();
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    expect((await fetch(`${base}/metrics`)).status).toBe(404);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(output.err).toBe('');
  });

  it('ends with 0 after SIGTERM while it starts, and serves nothing', async () => {
    const silent = createServer();
    const connected = once(silent, 'connection');
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const { child, ended, output } = start({ DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/x` });
    // It connects before it loads its routes, which takes longer than a signal.
    await connected;
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(output.out).toContain('api_stopping');
    expect(output.out).not.toContain('api_listening');
    silent.close();
  });

  it('starts while Postgres and Redis are down', async () => {
    const down = { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x', REDIS_URL: 'redis://127.0.0.1:1' };
    const { listening } = start({ HANDLERS: 'health-live,health-ready', ...down });
    const base = await listening();
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    expect((await fetch(`${base}/health/ready`)).status).toBe(503);
  });

  it('exits with 78 naming every handler that is none, and everything else that is wrong', async () => {
    const { ended, output } = start({ HANDLERS: 'docs,nonsense,toString', LOG_LEVEL: 'loud' });
    expect(await ended).toBe(78);
    expect(output.err).toContain('config: HANDLERS names "nonsense"');
    expect(output.err).toContain('config: HANDLERS names "toString"');
    expect(output.err).toContain('config: LOG_LEVEL must be');
  });

  it('exits with 1 and one clear line when its port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { ended, output } = start({
      HANDLERS: 'docs',
      PORT: String((taken.address() as AddressInfo).port),
    });
    expect(await ended).toBe(1);
    expect(output.err).toMatch(/^api: .*EADDRINUSE.*\n$/);
    taken.close();
  });
});
