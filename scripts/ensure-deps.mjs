// Before `npm start`, `npm run demo`, `npm test` and `npm run check`: installs the dependencies when they are
// missing or stale. Plain JavaScript on Node alone, since node_modules may not be there yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_NODE = [20, 19];
const REMIND_MS = 15_000;
/** The folder of the project; a test names another one. */
const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..');
const marker = join(root, 'node_modules', '.vespid-lock');

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])) return;
  const needed = NEEDED_NODE.join('.');
  console.error(
    `Vespid needs Node.js ${needed} or newer; this is ${process.versions.node}. Install it and try again.`,
  );
  process.exit(1);
}

const isPnpm = (process.env.npm_config_user_agent ?? '').startsWith('pnpm/');

/** What the installed packages must agree with. */
function lockFile() {
  const names = isPnpm
    ? ['pnpm-lock.yaml', 'package-lock.json', 'package.json']
    : ['package-lock.json', 'package.json'];
  return names.map((name) => join(root, name)).find((file) => existsSync(file));
}

const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

function isMarked(hash) {
  try {
    return readFileSync(marker, 'utf8') === hash;
  } catch {
    return false;
  }
}

/** Whether npm's own note of what it installed holds every package of the lock file in the same version. */
function wasInstalledByHand(lock) {
  try {
    const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
    const present = JSON.parse(
      readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8'),
    ).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === '' ||
        present[path]?.version === entry.version ||
        // Left out on purpose: for another platform, or a peer that nobody asked for.
        (present[path] === undefined && (entry.optional || entry.devOptional || entry.peer)),
    );
  } catch {
    return false;
  }
}

/** The very npm (or pnpm) that runs this script, not another one that PATH may hold. */
function packageManager() {
  const script = process.env.npm_execpath;
  return script !== undefined && /\.[cm]?js$/.test(script)
    ? { command: process.execPath, before: [script] }
    : { command: isPnpm ? 'pnpm' : 'npm', before: [] };
}

/** Runs one installation quietly. Resolves to its exit code and what it printed. */
function runInstaller(args) {
  const { command, before } = packageManager();
  const began = Date.now();
  return new Promise((resolve) => {
    const shell = process.platform === 'win32' && command !== process.execPath;
    const child = spawn(command, [...before, ...args], {
      cwd: root,
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const reminder = setInterval(() => {
      console.log(`  still installing (${Math.round((Date.now() - began) / 1000)} s)`);
    }, REMIND_MS);
    const end = (code, text) => {
      clearInterval(reminder);
      resolve({ code, output: text });
    };
    child.once('error', (error) => end(null, error.message));
    child.once('close', (code) => end(code, output));
  });
}

async function install(lock) {
  const npmOptions = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const pnpmOptions = [...(lock.endsWith('pnpm-lock.yaml') ? ['--frozen-lockfile'] : []), '--prod=false'];
  const args = isPnpm
    ? ['install', ...pnpmOptions]
    : [lock.endsWith('package-lock.json') ? 'ci' : 'install', ...npmOptions];
  const shown = `${isPnpm ? 'pnpm' : 'npm'} ${args[0]}`;
  const began = Date.now();
  console.log(`Installing the dependencies (${shown}); this may take a minute ...`);
  rmSync(marker, { force: true });
  let result = await runInstaller(args);
  if (result.code !== 0 && args[0] === 'ci' && result.output.includes('EUSAGE')) {
    // A lock file written where a platform's optional package was not to be had lacks it; npm ci refuses that.
    console.log('  npm ci does not take package-lock.json; trying npm install --no-save');
    result = await runInstaller(['install', '--no-save', ...npmOptions]);
  }
  if (result.code !== 0) {
    console.error(
      `${result.output.trim()}\n${shown} failed (exit code ${result.code}). Its messages are above.`,
    );
    process.exit(1);
  }
  console.log(`Installed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

checkNode();
const lock = lockFile();
if (lock === undefined) {
  console.error(`There is no package.json in ${root}.`);
  process.exit(1);
}
const hash = hashOf(lock);
if (!isMarked(hash)) {
  if (isPnpm || !wasInstalledByHand(lock)) await install(lock);
  writeFileSync(marker, hash);
}
