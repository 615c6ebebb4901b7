/** The key that a local stack encrypts secrets with: made once for a data folder, and kept there. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** VESPID_SECRETS_KEY of the stack in `dir`, from its file `secrets-key`; only its owner can read that. */
export function keepSecretsKey(dir: string): string {
  const file = join(dir, 'secrets-key');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const text = `local:${randomBytes(32).toString('base64')}`;
  writeFileSync(`${file}.part`, `${text}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
  return text;
}
