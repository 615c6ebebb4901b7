/**
 * `npm run migrate:check [-- folder]`: fails with the reason when the schema and the migrations differ, an applied
 * migration was edited, the order is broken, or a statement would break the previous release or lock a big table.
 * With DATABASE_URL set it also compares with that database and lists what is pending.
 */
import { join, resolve } from 'node:path';
import * as schema from '../lib/db/schema.ts';
import { checkMigrations } from './migrations/check.ts';
import { EXIT_CONFIG, MIGRATIONS_FOLDER, reasonOf } from './migrations/command-line.ts';
import { readDatabaseUrl } from './migrations/database-url.ts';
import { readSchemaSources } from './migrations/schema-sources.ts';

const print = (line: string): boolean => process.stdout.write(`migrate:check: ${line}\n`);
const complain = (line: string): boolean => process.stderr.write(`migrate:check: ${line}\n`);

async function main(): Promise<number> {
  const setting = readDatabaseUrl(process.env);
  if (setting !== undefined && 'problem' in setting) {
    complain(setting.problem);
    return EXIT_CONFIG;
  }
  const folder = resolve(process.argv[2] ?? MIGRATIONS_FOLDER);
  const sources = readSchemaSources(join(import.meta.dirname, '..'));
  const database = setting === undefined ? {} : { databaseUrl: setting.url };
  const { problems, pending } = await checkMigrations({ folder, schema, sources, ...database });
  for (const { file, line, message } of problems) {
    const path = file.includes('lib/') ? file : join('migrations', file);
    complain(`${line === undefined ? path : `${path}:${line}`}: ${message}`);
  }
  if (pending?.length === 0) print('the database has every migration');
  else if (pending !== undefined) print(`pending in the database: ${pending.join(', ')} (npm run migrate)`);
  if (problems.length === 0) print('the migrations are in order');
  else complain(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  complain(reasonOf(error));
  process.exitCode = 1;
}
