/** The folder of one `npm test` below `.vespid/`, and what killed runs left in theirs. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removePostgres } from './postgres.ts';
import { endRecorded, readLiving, writeRecord } from './process-record.ts';

const PREFIX = 'test-';
const OWNER = 'owner.json';
const GRACE_MS = 3000;

/** Makes the folder of this run, after cleaning up those whose run is dead. */
export async function makeTestFolder(base: string): Promise<string> {
  mkdirSync(base, { recursive: true });
  for (const name of readdirSync(base).filter((entry) => entry.startsWith(PREFIX))) {
    const dir = join(base, name);
    if (readLiving(join(dir, OWNER)) === null) await removeTestFolder(dir);
  }
  const dir = join(base, `${PREFIX}${process.pid}`);
  mkdirSync(dir);
  writeRecord(join(dir, OWNER), process.pid);
  return dir;
}

/** Ends every service that is recorded in a folder of `dir`, then removes `dir`. */
export async function removeTestFolder(dir: string): Promise<void> {
  const folders = existsSync(dir) ? readdirSync(dir, { withFileTypes: true }) : [];
  for (const folder of folders.filter((entry) => entry.isDirectory())) {
    // A server that a test has stopped (SIGSTOP) heeds nothing but SIGKILL; its data goes anyway.
    await endRecorded(join(dir, folder.name, 'process.json'), ['SIGINT', 'SIGQUIT', 'SIGKILL'], GRACE_MS);
  }
  removePostgres(join(dir, 'postgres'));
  rmSync(dir, { recursive: true, force: true });
}
