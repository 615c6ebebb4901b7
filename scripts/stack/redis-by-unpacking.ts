/** Redis from Debian's packages without root: fetched into our own folder and unpacked there. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FindContext, Found } from './find-redis.ts';
import { APT_BOUNDS } from './redis-by-package-manager.ts';
import { findOnPath, lastLines, runCommand } from './run-command.ts';

const FETCH_TIMEOUT_MS = 180_000;
const PACKAGES = ['redis-server', 'valkey-server'];

/** apt-get with lists and a cache of its own, so that it writes nothing outside `folder`. */
const aptOptions = (folder: string): string[] => [
  ...APT_BOUNDS,
  '-o',
  `Dir::State::Lists=${folder}/lists`,
  '-o',
  `Dir::Cache=${folder}/cache`,
  '-o',
  'Debug::NoLocking=1',
  '-o',
  'APT::Sandbox::User=',
];

/** Unpacks redis-server and the libraries that this machine lacks below `toolsDir`/redis. */
export async function unpackDebianPackage(context: FindContext): Promise<Found> {
  const { say, path, toolsDir, signal } = context;
  const target = join(toolsDir, 'redis');
  const wrapper = join(target, 'redis-server');
  if (existsSync(wrapper)) return { command: wrapper };
  if (findOnPath('apt-get', path) === null || findOnPath('dpkg', path) === null) {
    return { reason: 'no apt-get and dpkg on PATH' };
  }
  const work = join(toolsDir, `redis.part-${process.pid}`);
  const options = { env: { ...process.env, PATH: path }, timeoutMs: FETCH_TIMEOUT_MS, signal };
  try {
    mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true });
    say('fetching a Debian package of Redis into .vespid');
    await runCommand('apt-get', [...aptOptions(work), 'update'], options);
    let reason = '';
    for (const name of PACKAGES) {
      // A package that is installed but broken would be left out otherwise.
      const args = ['install', '--download-only', '--reinstall', '-y', '--no-install-recommends', name];
      const fetched = await runCommand('apt-get', [...aptOptions(work), ...args], options);
      reason = lastLines(fetched.output, 2);
      if (fetched.code !== 0) continue;
      const unpacked = await unpack(work, options);
      if (unpacked === null) return adopt(work, target, name);
      reason = unpacked;
    }
    return { reason };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function unpack(work: string, options: Parameters<typeof runCommand>[2]): Promise<string | null> {
  const archives = join(work, 'cache', 'archives');
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    const { code, output } = await runCommand(
      'dpkg',
      ['-x', join(archives, file), join(work, 'root')],
      options,
    );
    if (code !== 0) return lastLines(output, 2);
  }
  return null;
}

/** Moves what was unpacked to its place; the wrapper, written last, makes it count. */
function adopt(work: string, target: string, program: string): Found {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const root = join(target, 'root');
  renameSync(join(work, 'root'), root);
  const libraries = ['usr/lib', 'lib'].flatMap((folder) => libraryFolders(join(root, folder)));
  const wrapper = join(target, 'redis-server');
  const text = [
    '#!/bin/sh',
    `export LD_LIBRARY_PATH=${quote(libraries.join(':'))}"\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
    `exec ${quote(join(root, 'usr', 'bin', program))} "$@"`,
    '',
  ].join('\n');
  writeFileSync(`${wrapper}.part`, text);
  chmodSync(`${wrapper}.part`, 0o755);
  renameSync(`${wrapper}.part`, wrapper);
  return { command: wrapper };
}

/** `folder` and its folder per architecture, for example usr/lib/x86_64-linux-gnu. */
function libraryFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.map((entry) => join(folder, entry.name))];
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
