/** Redis from the system's package manager, where that needs no question. */
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import type { FindContext, Found } from './find-redis.ts';
import { findOnPath, lastLines, runCommand } from './run-command.ts';

const INSTALL_TIMEOUT_MS = 300_000;

/** Bounds of apt-get, so that a machine without a network says so soon. */
export const APT_BOUNDS = [
  '-o',
  'Acquire::Retries=1',
  '-o',
  'Acquire::http::Timeout=20',
  '-o',
  'Acquire::https::Timeout=20',
  '-o',
  'DPkg::Lock::Timeout=120',
];

interface Manager {
  command: string;
  needsRoot: boolean;
  refresh: string[] | null;
  install: (name: string) => string[];
  packages: string[];
  /** Starts the service of a package it installs, unless it is told not to. */
  startsServices: boolean;
}

const MANAGERS: Manager[] = [
  {
    command: 'apt-get',
    needsRoot: true,
    refresh: [...APT_BOUNDS, 'update'],
    install: (name) => [...APT_BOUNDS, 'install', '-y', '--no-install-recommends', name],
    packages: ['redis-server', 'valkey-server'],
    startsServices: true,
  },
  {
    command: 'apk',
    needsRoot: true,
    refresh: null,
    install: (name) => ['add', '--no-cache', '--no-interactive', name],
    packages: ['redis', 'valkey'],
    startsServices: false,
  },
  {
    command: 'dnf',
    needsRoot: true,
    refresh: null,
    install: (name) => ['install', '-y', name],
    packages: ['valkey', 'redis'],
    startsServices: false,
  },
  {
    command: 'brew',
    needsRoot: false,
    refresh: null,
    install: (name) => ['install', name],
    packages: ['redis', 'valkey'],
    startsServices: false,
  },
];

/** Installs with the first package manager on PATH. Not cut off by Ctrl-C: a half-installed package is worse. */
export async function installByPackageManager({
  say,
  path,
  isRoot,
  policyFile,
}: FindContext): Promise<Found> {
  const manager = MANAGERS.find(({ command }) => findOnPath(command, path) !== null);
  if (manager === undefined)
    return { reason: `none of ${MANAGERS.map((m) => m.command).join(', ')} on PATH` };
  if (manager.needsRoot && !isRoot) return { reason: `${manager.command} needs root` };
  if (!manager.needsRoot && isRoot) return { reason: `${manager.command} refuses to run as root` };
  const release = manager.startsServices ? keepServicesOff(policyFile) : () => {};
  try {
    return await install(manager, say, path);
  } finally {
    release();
  }
}

async function install(manager: Manager, say: (line: string) => void, path: string): Promise<Found> {
  const env = {
    ...process.env,
    PATH: path,
    DEBIAN_FRONTEND: 'noninteractive',
    HOMEBREW_NO_AUTO_UPDATE: '1',
    NONINTERACTIVE: '1',
  };
  const options = { env, timeoutMs: INSTALL_TIMEOUT_MS };
  if (manager.refresh !== null) {
    say(`asking ${manager.command} what it has`);
    // A failed refresh (one dead source of many) may still leave a list that holds the package.
    await runCommand(manager.command, manager.refresh, options);
  }
  let reason = '';
  for (const name of manager.packages) {
    say(`installing ${name} with ${manager.command}`);
    const { code, output } = await runCommand(manager.command, manager.install(name), options);
    reason = `${manager.command} could not install ${name}: ${lastLines(output, 2)}`;
    const command = findOnPath('redis-server', path) ?? findOnPath('valkey-server', path);
    if (code === 0 && command !== null) return { command };
  }
  return { reason };
}

/**
 * Keeps Debian's packages from starting a server on port 6379 (Debian policy 9.3.3.1: invoke-rc.d asks
 * policy-rc.d; 101 forbids). A policy that is there already is the administrator's and stays.
 * @returns takes the policy away again.
 */
function keepServicesOff(policyFile: string): () => void {
  if (existsSync(policyFile)) return () => {};
  try {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { flag: 'wx' });
    chmodSync(policyFile, 0o755);
  } catch {
    return () => {};
  }
  return () => {
    rmSync(policyFile, { force: true });
  };
}
