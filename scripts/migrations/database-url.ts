/** Where the migrations go: the one setting they need, so that a migration job needs no other. */
import { readFileSync } from 'node:fs';

/** The setting as a value, or what is wrong with it (never its value: it holds a password). */
export type DatabaseUrl = { url: string } | { problem: string } | undefined;

/** Reads `DATABASE_URL`, or the file that `DATABASE_URL_FILE` names; undefined when both are empty. */
export function readDatabaseUrl(env: NodeJS.ProcessEnv): DatabaseUrl {
  let url = env['DATABASE_URL'] ?? '';
  const file = env['DATABASE_URL_FILE'] ?? '';
  if (url === '' && file === '') return undefined;
  if (url === '') {
    try {
      url = readFileSync(file, 'utf8').trim();
    } catch {
      return { problem: 'DATABASE_URL_FILE names a file that cannot be read' };
    }
  }
  const valid = URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol);
  return valid
    ? { url }
    : { problem: 'DATABASE_URL must be a URL that starts with postgres:// or postgresql://' };
}
