/**
 * `npm run lock`: completes package-lock.json after `npm install`. A registry that lacks a package of another
 * platform makes npm leave it out of the lock, and then `npm ci` refuses the lock everywhere. The entries are
 * added from the `optionalDependencies` that name them; npm fills in nothing else that `npm ci` needs.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
  'win32',
];
const PROCESSORS = [
  'arm64',
  'arm',
  'x64',
  'ia32',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
];

/** Platform of a package, read from its name: `@esbuild/linux-arm64`, `@oxlint/binding-linux-x64-musl`. */
function platformOf(name) {
  const parts = name.split('/').at(-1).replaceAll('windows', 'win32').split('-');
  const os = parts.filter((part) => SYSTEMS.includes(part)).slice(0, 1);
  const cpu = parts.filter((part) => PROCESSORS.includes(part)).slice(0, 1);
  if (cpu.length === 0 && parts.some((part) => /eabi/.test(part))) cpu.push('arm');
  const musl = parts.some((part) => part.startsWith('musl'));
  const glibc = parts.some((part) => part.startsWith('gnu'));
  const libc = os[0] !== 'linux' || (!musl && !glibc) ? undefined : [musl ? 'musl' : 'glibc'];
  return { cpu: cpu.length > 0 ? cpu : undefined, libc, os: os.length > 0 ? os : undefined };
}

/** Whether `name` is in the lock where a package at `path` would look for it. */
function isThere(packages, path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`] !== undefined) return true;
    if (base === '') return false;
  }
}

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const { packages } = lock;
const added = [];
for (const [path, entry] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const version = range.replace(/^[\^~]/, '');
    if (isThere(packages, path, name) || !/^\d+\.\d+\.\d+/.test(version)) continue;
    const { cpu, libc, os } = platformOf(name);
    packages[`node_modules/${name}`] = { version, cpu, dev: entry.dev, libc, optional: true, os };
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`package-lock.json: ${added.length} optional packages of other platforms added\n`);
