/** From the start of an API process to its first 201. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../scripts/stack/ports.ts';
import { EMPTY_BODY, type Bench } from '../bench.ts';
import { openConnection, postRequest } from '../load/connection.ts';
import type { System } from '../system.ts';

const RETRY_MS = 2;
const GIVE_UP_MS = 15_000;
const STOP_GRACE_MS = 10_000;

/** Cold starts on one Node, ms each. */
export interface ColdStarts {
  /** As in `v20.20.2`. */
  version: string;
  emptyMs: number[];
  baselineMs: number[];
  vespidMs: number[];
}

async function firstAnswer(system: System, port: number): Promise<number> {
  const [running] = system.targets('sets');
  if (running === undefined) throw new Error(`${system.name} has no API`);
  const target = { ...running, port };
  const deadlineMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      const connection = await openConnection(target.host, port);
      const { status } = await connection.send(postRequest(target, EMPTY_BODY));
      connection.close();
      if (status === 201) return performance.now();
    } catch {
      // Nobody listens yet.
    }
    if (performance.now() > deadlineMs) throw new Error(`${system.name} did not start in ${GIVE_UP_MS} ms`);
    await sleep(RETRY_MS);
  }
}

/** Starts one process for that route alone, and ends it. @returns ms */
async function coldStart(system: System, node: string, cacheDir: string): Promise<number> {
  const port = await freePort();
  const { args, env } = system.coldStart(port);
  const startedAtMs = performance.now();
  const child = spawn(node, args, { env: { ...env, NODE_COMPILE_CACHE: cacheDir }, stdio: 'ignore' });
  const exited = once(child, 'exit');
  // A process that is killed writes no compile cache.
  const killed = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS + STOP_GRACE_MS);
  try {
    return (await firstAnswer(system, port)) - startedAtMs;
  } finally {
    child.kill('SIGTERM');
    await exited;
    clearTimeout(killed);
  }
}

/** From the start of an empty node to its end, ms. */
async function emptyStart(node: string): Promise<number> {
  const startedAtMs = performance.now();
  await once(spawn(node, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startedAtMs;
}

/**
 * Starts each system in turn, with the compile cache of Node 22 and later (older ones have none).
 * @param node the program
 */
export async function coldStarts(
  { baseline, vespid, services, sizes }: Bench,
  node: string,
): Promise<ColdStarts> {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const cacheDir = join(services.dataDir, `compile-cache-${version}`);
  const starts: ColdStarts = { version, emptyMs: [], baselineMs: [], vespidMs: [] };
  // The first reads the files from the disk and fills the cache.
  for (const system of [baseline, vespid]) await coldStart(system, node, cacheDir);
  for (let round = 0; round < sizes.coldStarts; round += 1) {
    starts.emptyMs.push(await emptyStart(node));
    starts.baselineMs.push(await coldStart(baseline, node, cacheDir));
    starts.vespidMs.push(await coldStart(vespid, node, cacheDir));
  }
  return starts;
}
