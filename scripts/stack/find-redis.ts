/** Finds a Redis server program, or gets one where that needs no question. */
import { join } from 'node:path';
import { installByPackageManager } from './redis-by-package-manager.ts';
import { buildWithMemoryServer } from './redis-by-memory-server.ts';
import { unpackDebianPackage } from './redis-by-unpacking.ts';
import { findOnPath, lastLines, runCommand } from './run-command.ts';

/** Programs that speak Redis' protocol, in order of preference. */
const REDIS_PROGRAMS = ['redis-server', 'valkey-server'];

export interface FindContext {
  say: (line: string) => void;
  /** The folders to look in, as in PATH. */
  path: string;
  isRoot: boolean;
  /** Where a Redis of our own may be put. */
  toolsDir: string;
  /** Debian's switch for the services of installed packages. */
  policyFile: string;
  signal: AbortSignal | undefined;
}

/** What a provider found: a program, or why it has none. */
export type Found = { command: string } | { reason: string };

export interface FindOptions {
  path?: string;
  isRoot?: boolean;
  toolsDir?: string;
  policyFile?: string;
  signal?: AbortSignal | undefined;
}

async function onPath({ path }: FindContext): Promise<Found> {
  for (const name of REDIS_PROGRAMS) {
    const command = findOnPath(name, path);
    if (command !== null && (await answersVersion(command, path))) return { command };
  }
  return { reason: `no ${REDIS_PROGRAMS.join(' or ')} on PATH` };
}

async function answersVersion(command: string, path: string): Promise<boolean> {
  const env = { ...process.env, PATH: path };
  return (await runCommand(command, ['--version'], { env, timeoutMs: 10_000 })).code === 0;
}

const PROVIDERS: { kind: string; find: (context: FindContext) => Promise<Found> }[] = [
  { kind: 'PATH', find: onPath },
  { kind: 'package manager', find: installByPackageManager },
  { kind: 'unpacked Debian package', find: unpackDebianPackage },
  { kind: 'redis-memory-server', find: buildWithMemoryServer },
];

/**
 * Finds a Redis server, trying in this order: PATH; the system's package manager where it asks nothing;
 * a Debian package unpacked below `toolsDir`; redis-memory-server, which builds one.
 * @returns the program's path and the provider that had it.
 * @throws {Error} saying what to install and why each provider had none.
 */
export async function findRedisServer(
  say: (line: string) => void,
  options: FindOptions = {},
): Promise<{ command: string; kind: string }> {
  const context: FindContext = {
    say,
    path: options.path ?? process.env.PATH ?? '',
    isRoot: options.isRoot ?? process.getuid?.() === 0,
    toolsDir: options.toolsDir ?? join(import.meta.dirname, '..', '..', '.vespid'),
    policyFile: options.policyFile ?? '/usr/sbin/policy-rc.d',
    signal: options.signal,
  };
  const reasons: string[] = [];
  for (const { kind, find } of PROVIDERS) {
    options.signal?.throwIfAborted();
    const found = await find(context);
    if ('reason' in found) reasons.push(`${kind}: ${lastLines(found.reason, 3)}`);
    else if (await answersVersion(found.command, context.path)) return { command: found.command, kind };
    else reasons.push(`${kind}: ${found.command} does not run here`);
  }
  options.signal?.throwIfAborted();
  throw new Error(
    [
      'No Redis server was found and none could be installed. Install Redis 6.2 or newer, or Valkey',
      '(Debian, Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; macOS: brew install redis),',
      'or set REDIS_URL to a Redis that may be used. What was tried:',
      ...reasons.map((reason) => `  - ${reason.replaceAll('\n', '\n    ')}`),
    ].join('\n'),
  );
}
