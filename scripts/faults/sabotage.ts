/** A build of the service with one of its protections switched off. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FaultKind } from '../../test/nemesis/plan.ts';
import { lastLines, runCommand } from '../stack/run-command.ts';

const SOURCES = [
  'handlers',
  'lib',
  'worker',
  'scripts',
  'migrations',
  'tsup.config.ts',
  'tsconfig.json',
  'package.json',
];
const BUILD_TIMEOUT_MS = 120_000;

/** A change of one file: every `from` has to be there. */
export interface Patch {
  file: string;
  from: string | RegExp;
  to: string;
}

export interface Sabotage {
  name: string;
  /** What is missing then. */
  what: string;
  patches: Patch[];
  /** The number of the invariant that has to break. */
  breaks: string;
  /** The faults that show it. */
  kinds: readonly FaultKind[];
}

/** @throws {Error} when the source no longer has what is to be changed */
export function applyPatch(text: string, { file, from, to }: Patch): string {
  const changed = text.replaceAll(from, to);
  if (changed === text)
    throw new Error(`${file} has no ${String(from)}: the sabotage no longer fits the source`);
  return changed;
}

/**
 * Copies the sources, changes them and builds them.
 * @param dir an empty or absent folder
 * @returns the folder of the bundles
 */
export async function buildSabotaged(
  root: string,
  dir: string,
  patches: readonly Patch[],
  signal: AbortSignal,
): Promise<string> {
  mkdirSync(dir, { recursive: true });
  for (const source of SOURCES) {
    if (existsSync(join(root, source))) cpSync(join(root, source), join(dir, source), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  for (const patch of patches) {
    const file = join(dir, patch.file);
    writeFileSync(file, applyPatch(readFileSync(file, 'utf8'), patch));
  }
  const tsup = join(dirname(createRequire(import.meta.url).resolve('tsup')), 'cli-default.js');
  const { code, output } = await runCommand(process.execPath, [tsup], {
    cwd: dir,
    timeoutMs: BUILD_TIMEOUT_MS,
    signal,
  });
  if (code !== 0) throw new Error(`The sabotaged build failed:\n${lastLines(output, 30)}`);
  return join(dir, 'dist');
}
