import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canReach, linkLibraries } from '../../../scripts/stack/postgres-program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vespid-program-'));
  chmodSync(dir, 0o755);
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test('library links that npm did not make are made, and those that are there stay', () => {
  const native = join(dir, 'native');
  mkdirSync(join(native, 'lib'), { recursive: true });
  writeFileSync(join(native, 'lib', 'libpq.so.5.17'), 'library');
  const link = { source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so.5' };
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify([link]));
  linkLibraries(native);
  linkLibraries(native);
  expect(readlinkSync(join(native, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.17');
  expect(readFileSync(join(native, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
});

test('a folder below one that is closed to the account, like /root, cannot be reached', () => {
  const stranger = { uid: 64_000, gid: 64_000 };
  const below = join(dir, 'closed', 'project', 'data');
  mkdirSync(below, { recursive: true });
  expect(canReach(below, stranger)).toBe(true);
  chmodSync(join(dir, 'closed'), 0o700);
  expect(canReach(below, stranger)).toBe(false);
  expect(canReach(below, { uid: process.getuid?.() ?? 0, gid: 64_000 })).toBe(true);
});
