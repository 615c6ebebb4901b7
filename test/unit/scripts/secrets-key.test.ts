import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseSecretsKeys } from '../../../lib/secrets/keys.ts';
import { keepSecretsKey } from '../../../scripts/stack/secrets-key.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vespid-secrets-key-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test('a data folder keeps its key, so that secrets survive a restart of the stack', () => {
  const key = keepSecretsKey(dir);
  expect(parseSecretsKeys(key).ok).toBe(true);
  expect(keepSecretsKey(dir)).toBe(key);
});

test('the key is for its owner alone, and another one in another folder', () => {
  const key = keepSecretsKey(dir);
  expect(statSync(join(dir, 'secrets-key')).mode & 0o777).toBe(0o600);
  rmSync(join(dir, 'secrets-key'));
  expect(keepSecretsKey(dir)).not.toBe(key);
});
