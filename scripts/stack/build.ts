/** Builds dist/ when it is missing or was built from other sources. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { releaseLock, waitForLock } from './lock.ts';
import { lastLines, runCommand } from './run-command.ts';

const SOURCES = [
  'handlers',
  'lib',
  'worker',
  'scripts/migrate.ts',
  'scripts/migrations',
  'scripts/build',
  'tsup.config.ts',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];
const BUILD_TIMEOUT_MS = 180_000;

/** Hash of the names and contents of all `sources` below `root`, in hex. */
export function hashSources(root: string, sources: string[] = SOURCES): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) visit(join(path, name));
    } else {
      const content = readFileSync(full);
      hash.update(`${path}\0${content.length}\0`).update(content);
    }
  };
  for (const source of sources) visit(source);
  return hash.digest('hex');
}

/**
 * Runs tsup unless dist/ is of the present sources. Two who start together build once.
 * @throws {Error} with what tsup printed when the build fails.
 */
export async function ensureBuilt(root: string, signal?: AbortSignal): Promise<void> {
  const lock = join(root, '.vespid', 'build.lock');
  mkdirSync(dirname(lock), { recursive: true });
  await waitForLock(lock, BUILD_TIMEOUT_MS, signal);
  try {
    const stamp = join(root, 'dist', 'sources.sha256');
    const hash = hashSources(root);
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
    // Without its stamp a build that is cut off counts for nothing.
    rmSync(stamp, { force: true });
    const tsup = join(dirname(createRequire(import.meta.url).resolve('tsup')), 'cli-default.js');
    const options = { cwd: root, timeoutMs: BUILD_TIMEOUT_MS, signal };
    const { code, output } = await runCommand(process.execPath, [tsup], options);
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`The build failed:\n${lastLines(output, 30)}`);
    writeFileSync(stamp, hash);
  } finally {
    releaseLock(lock);
  }
}
