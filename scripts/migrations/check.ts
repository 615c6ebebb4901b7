/** `migrate:check` without its command line: all four refusals, and what a database still lacks. */
import { checkOrder } from './check-order.ts';
import { checkSchema } from './check-schema.ts';
import { checkStatements } from './check-statements.ts';
import { readFolder } from './folder.ts';
import { checkHashes } from './hashes.ts';
import { plan, readApplied } from './journal.ts';
import type { Problem } from './problem.ts';
import type { SchemaSource } from './schema-sources.ts';
import { openSession } from './session.ts';

interface CheckOptions {
  folder: string;
  /** Exports of lib/db/schema.ts. */
  schema: Record<string, unknown>;
  sources: readonly SchemaSource[];
  /** Also compares with what this database has applied. */
  databaseUrl?: string;
}

interface CheckResult {
  /** Empty when everything is right. */
  problems: Problem[];
  /** Names of the migrations the database has not applied; absent without a database. */
  pending?: string[];
}

/**
 * Runs every check and reports all problems at once.
 * @throws {Error} when a check could not run (squawk is missing, the database does not answer).
 */
export async function checkMigrations(options: CheckOptions): Promise<CheckResult> {
  const { folder, schema, sources, databaseUrl } = options;
  const { migrations, misnamed } = readFolder(folder);
  const problems = [
    ...checkSchema(folder, migrations, schema, sources),
    ...checkHashes(folder, migrations),
    ...checkOrder(folder, migrations, misnamed),
    ...(await checkStatements(folder, migrations)),
  ];
  if (databaseUrl === undefined) return { problems };
  const session = openSession(databaseUrl);
  try {
    const { pending, conflicts } = plan(migrations, await readApplied(session));
    for (const { name, message } of conflicts) problems.push({ file: `${name}.sql`, message });
    return { problems, pending: pending.map(({ name }) => name) };
  } finally {
    await session.close();
  }
}
