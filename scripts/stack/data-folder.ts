/** The folder of one local stack, held by one process at a time. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { releaseLock, takeLock } from './lock.ts';
import { readLiving } from './process-record.ts';

const MOST_STACKS = 20;

export interface DataFolder {
  dir: string;
  release(): void;
}

/**
 * Takes a folder: `chosen`, or else `base`, or while a living stack holds that `base/stacks/2`, `3`, ….
 * @throws {Error} when the chosen folder is held, or all are.
 */
export function takeDataFolder(base: string, chosen: string | undefined): DataFolder {
  if (chosen !== undefined) {
    const dir = resolve(chosen);
    const folder = take(dir);
    if (folder !== null) return folder;
    throw new Error(
      `A stack works in ${dir} already (process ${readLiving(lockFile(dir))}). Choose another folder.`,
    );
  }
  for (let number = 1; number <= MOST_STACKS; number++) {
    const folder = take(number === 1 ? base : join(base, 'stacks', String(number)));
    if (folder !== null) return folder;
  }
  throw new Error(`${MOST_STACKS} stacks run in ${base} already.`);
}

const lockFile = (dir: string): string => join(dir, 'lock');

function take(dir: string): DataFolder | null {
  mkdirSync(dir, { recursive: true });
  const lock = lockFile(dir);
  if (!takeLock(lock)) return null;
  return {
    dir,
    release: () => {
      releaseLock(lock);
    },
  };
}
