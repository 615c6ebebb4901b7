import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../../scripts/ensure-deps.mjs');
let root: string;
let npm: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vespid-deps-'));
  npm = join(root, 'fake-npm.mjs');
  lock('1.0.0');
  installer(`mkdirSync('node_modules', { recursive: true });`);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function lock(version: string): void {
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version } } }),
  );
}
function installer(body: string): void {
  writeFileSync(
    npm,
    `import { appendFileSync, mkdirSync } from 'node:fs';
     appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
     ${body}`,
  );
}
function run(options: { agent?: string; nodeArgs?: string[] } = {}): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...(options.nodeArgs ?? []), SCRIPT, root],
    {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        npm_execpath: npm,
        npm_config_user_agent: options.agent ?? 'npm/11.0.0',
      },
    },
  );
  return { status, text: stdout + stderr };
}
const calls = (): string[] => {
  const file = join(root, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

describe('dependencies are there before a command of a fresh clone goes on', () => {
  test('missing: installed from the lock file, development dependencies too; the second time nothing happens', () => {
    const first = run();
    expect(first).toMatchObject({ status: 0, text: expect.stringContaining('Installing') as string });
    expect(calls()).toEqual([expect.stringMatching(/^ci .*--include=dev/)]);
    expect(run()).toEqual({ status: 0, text: '' });
    expect(calls()).toHaveLength(1);
  });

  test('stale: another lock file installs again', () => {
    run();
    lock('2.0.0');
    run();
    expect(calls()).toHaveLength(2);
  });

  test('what npm itself has installed from this lock file is taken as it is', () => {
    const note = (version: string): void => {
      mkdirSync(join(root, 'node_modules'), { recursive: true });
      const packages = { 'node_modules/a': { version } };
      writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
    };
    note('0.9.0');
    run();
    expect(calls()).toHaveLength(1);
    rmSync(join(root, 'node_modules', '.vespid-lock'));
    note('1.0.0');
    expect(run()).toEqual({ status: 0, text: '' });
    expect(calls()).toHaveLength(1);
  });

  test('a failed installation ends the command and is tried again the next time', () => {
    installer('process.exit(7);');
    expect(run()).toMatchObject({
      status: 1,
      text: expect.stringContaining('npm ci failed (exit code 7)') as string,
    });
    installer(`mkdirSync('node_modules');`);
    expect(run().status).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  test('a lock file that npm ci refuses (a platform package is missing) is installed without changing it', () => {
    installer(`mkdirSync('node_modules', { recursive: true });
      if (process.argv[2] === 'ci') { console.error('npm error code EUSAGE'); process.exit(1); }`);
    expect(run().status).toBe(0);
    expect(calls()[1]).toMatch(/^install --no-save .*--include=dev/);
  });

  test('pnpm installs with pnpm, frozen only when it has a lock file of its own', () => {
    run({ agent: 'pnpm/10.0.0 npm/?' });
    writeFileSync(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 9');
    run({ agent: 'pnpm/10.0.0 npm/?' });
    expect(calls()).toEqual(['install --prod=false', 'install --frozen-lockfile --prod=false']);
  });

  test('a Node that is too old gets one clear line and nothing is installed', () => {
    const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } });`;
    const pretend = `data:text/javascript,${encodeURIComponent(code)}`;
    expect(run({ nodeArgs: ['--import', pretend] })).toEqual({
      status: 1,
      text: 'Vespid needs Node.js 20.19 or newer; this is 20.18.3. Install it and try again.\n',
    });
    expect(calls()).toEqual([]);
  });
});
