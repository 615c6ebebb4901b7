/**
 * From the spawn of an API process that serves `start-run` alone to its first 201, with real Postgres and Redis:
 * `npm run bench:cold`. `--node <path>` measures another Node, with its compile cache as well where it has one;
 * `--rounds <n>`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../scripts/stack/ports.ts';
import { median } from './measure.ts';
import { line, onStack } from './stack.ts';

const RETRY_MS = 1;
const GIVE_UP_MS = 15_000;
/** The cache is complete once a process has written what the first request loaded, too. */
const WARM_UPS = 2;

export interface ColdStartOptions {
  /** The node to start. */
  node: string;
  /** The bundle, and flags of node before it. */
  args: string[];
  /** Of the process; PORT is added. */
  env: NodeJS.ProcessEnv;
  /** The path to POST `{}` to. */
  path: string;
  apiKey: string;
  rounds: number;
}

/** The status of one POST over a connection of its own; 0 when nobody listens. */
function post(port: number, { path, apiKey }: ColdStartOptions): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\n`;
    socket.write(`${head}content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`);
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
      if (status === undefined) return;
      resolve(Number(status));
      socket.destroy();
    });
    socket.on('error', () => resolve(0)).on('close', () => resolve(0));
  });
}

/** @throws {Error} when the process ends, or does not answer 201 within 15 s */
async function startOnce(options: ColdStartOptions): Promise<number> {
  const port = await freePort();
  const startedAtMs = performance.now();
  const env = { ...options.env, PORT: String(port) };
  const child = spawn(options.node, options.args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    for (;;) {
      if ((await post(port, options)) === 201) return performance.now() - startedAtMs;
      if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}`);
      if (performance.now() - startedAtMs > GIVE_UP_MS) throw new Error(`no 201 within ${GIVE_UP_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } finally {
    // Not SIGKILL: node writes its compile cache when it ends.
    child.kill('SIGTERM');
    await exited;
  }
}

/** Process spawn to first 201, ms: every round. */
export async function measureColdStart(options: ColdStartOptions): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) times.push(await startOnce(options));
  return times;
}

/** From the spawn of a node that does nothing to its end, ms. */
async function emptyStart(node: string): Promise<number> {
  const startedAtMs = performance.now();
  await once(spawn(node, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startedAtMs;
}

const figure = (times: readonly number[]): string =>
  `${median(times).toFixed(0)} ms (${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)})`;

async function versionOf(node: string): Promise<string> {
  const child = spawn(node, ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(child, 'close');
  return text.trim();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { node: { type: 'string' }, rounds: { type: 'string' } } });
  const node = values.node ?? process.execPath;
  const rounds = Number(values.rounds ?? 10);
  await onStack({ LOG_LEVEL: 'info' }, async ({ stack, org, lifetime }) => {
    const id = await stack.client.publish(
      org,
      'document: { dsl: 1.0.3, namespace: bench, name: cold, version: 1.0.0 }\ndo: [ { a: { set: { x: 1 } } } ]\n',
    );
    const options: ColdStartOptions = {
      node,
      args: [join(import.meta.dirname, '..', 'dist', 'server.js')],
      env: {
        DATABASE_URL: stack.dev.databaseUrl,
        REDIS_URL: stack.dev.redisUrl,
        HOST: '127.0.0.1',
        HANDLERS: 'start-run',
        NODE_ENV: 'production',
      },
      path: `/v1/orgs/${org.orgId}/workflows/${id}/runs`,
      apiKey: org.apiKey,
      rounds,
    };
    const version = await versionOf(node);
    console.log(
      `\nCold start of HANDLERS=start-run, spawn to first 201, node ${version}: medians of ${rounds}`,
    );
    const empty: number[] = [];
    for (let round = 0; round < rounds; round += 1) empty.push(await emptyStart(node));
    line('node that does nothing', figure(empty));
    await measureColdStart({ ...options, rounds: 1 });
    line('without a compile cache', figure(await measureColdStart(options)));
    if (Number(/^v(\d+)/.exec(version)?.[1]) < 22) return;
    const cache = mkdtempSync(join(tmpdir(), 'vespid-compile-cache-'));
    lifetime.onClose('compile cache', () => rmSync(cache, { recursive: true, force: true }));
    const cached = { ...options, env: { ...options.env, NODE_COMPILE_CACHE: cache } };
    await measureColdStart({ ...cached, rounds: WARM_UPS });
    line('with its compile cache', figure(await measureColdStart(cached)));
  });
}

if (process.argv[1] === import.meta.filename) await main();
