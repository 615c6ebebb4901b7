/** What the migration commands share. */
import { join } from 'node:path';

/** EX_CONFIG of sysexits.h. */
export const EXIT_CONFIG = 78;

/** The project's own migrations. */
export const MIGRATIONS_FOLDER = join(import.meta.dirname, '..', '..', 'migrations');

/** What went wrong in words; an AggregateError (no address answered) has no message of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
