/** Installs the packages of the systems that are asked for, and finds the Node they need. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findOnPath, lastLines, runCommand } from '../../scripts/stack/run-command.ts';

const HERE = import.meta.dirname;
const NODE_MAJOR = 24;
const INSTALL_TIMEOUT_MS = 1_800_000;

/** Folders below this one with packages of their own: n8n alone is as large as an operating system. */
export type Packages = '.' | 'n8n';

/** @throws {Error} with the end of what npm printed. */
export async function ensureInstalled(which: Packages): Promise<void> {
  const folder = join(HERE, which);
  const done = join(folder, 'node_modules', '.package-lock.json');
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const isHere = ([name, version]: [string, string]): boolean => versionOf(name, folder) === version;
  if (existsSync(done) && Object.entries(wanted.dependencies).every(isHere)) return;
  console.log(`Installing the packages of ${folder} ...`);
  const hasLock = existsSync(join(folder, 'package-lock.json'));
  const node = which === '.' ? process.execPath : findNode();
  const args = [hasLock ? 'ci' : 'install', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = findOnPath('npm', process.env['PATH'] ?? '');
  if (npm === null) throw new Error('There is no npm on PATH.');
  const path = `${dirname(node)}:${process.env['PATH'] ?? ''}`;
  const result = await runCommand('nice', ['-n', '19', npm, ...args], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (result.code !== 0) throw new Error(`npm could not install:\n${lastLines(result.output, 8)}`);
}

/** A Node of version 24 or newer: this one, or that of the packages. @throws {Error} when there is none. */
export function findNode(): string {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  const own = join(HERE, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(own)) return own;
  throw new Error(`The systems need Node ${NODE_MAJOR} or newer; this is ${process.version}.`);
}

/** The version of an installed package; undefined when there is none. @param folder where to look from */
export function versionOf(name: string, folder: string = HERE): string | undefined {
  for (const root of createRequire(join(folder, 'package.json')).resolve.paths(name) ?? []) {
    const file = join(root, name, 'package.json');
    // Every package has one.
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return undefined;
}
