/** A lock file that dies with its holder. */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLiving, recordOf } from './process-record.ts';

const POLL_MS = 100;

/** Takes the lock `file` for this process. @returns false when another living process holds it. */
export function takeLock(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  const stale = `${file}.stale-${process.pid}`;
  writeFileSync(mine, recordOf(process.pid));
  try {
    if (linked(mine, file)) return true;
    if (readLiving(file) !== null) return false;
    // Moved, then looked at: two who both find it stale must not remove each other's fresh lock.
    if (moved(file, stale) && readLiving(stale) !== null) {
      linked(stale, file);
      return false;
    }
    return linked(mine, file);
  } finally {
    rmSync(mine, { force: true });
    rmSync(stale, { force: true });
  }
}

/** Waits for the lock. @throws {Error} when it is not had within `timeoutMs`, or when `signal` aborts. */
export async function waitForLock(file: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!takeLock(file)) {
    signal?.throwIfAborted();
    if (Date.now() >= deadline) throw new Error(`process ${readLiving(file)} holds ${file} for too long`);
    await sleep(POLL_MS);
  }
}

export function releaseLock(file: string): void {
  if (readLiving(file) === process.pid) rmSync(file, { force: true });
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
