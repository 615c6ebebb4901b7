/** Redis built by redis-memory-server: it fetches the sources from redis.io and compiles them. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FindContext, Found } from './find-redis.ts';
import { lastLines, runCommand } from './run-command.ts';

/** No dependency of the project: its install script downloads, and would fail every install offline. */
const PACKAGE = 'redis-memory-server@0.17.1';
const INSTALL_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 600_000;

const PRINT_PATH = `require('redis-memory-server/lib/util/RedisBinary').default.getPath()
  .then((path) => console.log(path), (error) => { console.error(error.message); process.exit(1); });`;

/** Installs the package below `toolsDir`/tools and lets it build a server there. */
export async function buildWithMemoryServer({ say, path, toolsDir, signal }: FindContext): Promise<Found> {
  const folder = join(toolsDir, 'tools');
  const binary = join(folder, 'redis', 'stable', 'redis-server');
  if (existsSync(binary)) return { command: binary };
  mkdirSync(folder, { recursive: true });
  const env = {
    ...process.env,
    PATH: path,
    REDISMS_DISABLE_POSTINSTALL: '1',
    REDISMS_DOWNLOAD_DIR: join(folder, 'redis'),
    REDISMS_VERSION: 'stable',
    // It checks the server's certificate only when this says so.
    npm_config_strict_ssl: 'true',
  };
  say(`installing ${PACKAGE} into .vespid`);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, PACKAGE];
  const installed = await runCommand('npm', args, { env, timeoutMs: INSTALL_TIMEOUT_MS, signal });
  if (installed.code !== 0) return { reason: lastLines(installed.output, 3) };
  say('building Redis from its sources (minutes)');
  const built = await runCommand(process.execPath, ['-e', PRINT_PATH], {
    env,
    cwd: folder,
    timeoutMs: BUILD_TIMEOUT_MS,
    signal,
  });
  if (built.code !== 0) return { reason: lastLines(built.output, 3) };
  return { command: lastLines(built.stdout, 1) };
}
