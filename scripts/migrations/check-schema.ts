/** Refusal 1: the schema in code and the migrations differ. Compares drizzle's snapshots, so it needs no database. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { generateDrizzleJson } from 'drizzle-kit/api';
import { snapshotFile } from './check-order.ts';
import type { Migration } from './folder.ts';
import { lineOf, problemAt, type Problem } from './problem.ts';
import type { SchemaSource } from './schema-sources.ts';

type Tree = Record<string, unknown>;

interface Difference {
  path: string[];
  inCode: unknown;
  inMigrations: unknown;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function* differences(inCode: unknown, inMigrations: unknown, path: string[] = []): Generator<Difference> {
  if (isDeepStrictEqual(inCode, inMigrations)) return;
  if (!isTree(inCode) || !isTree(inMigrations)) {
    yield { path, inCode, inMigrations };
    return;
  }
  for (const key of new Set([...Object.keys(inCode), ...Object.keys(inMigrations)])) {
    yield* differences(inCode[key], inMigrations[key], [...path, key]);
  }
}

const KINDS: Record<string, string> = {
  tables: 'table',
  columns: 'column',
  indexes: 'index',
  foreignKeys: 'foreign key',
  compositePrimaryKeys: 'primary key',
  uniqueConstraints: 'unique constraint',
  checkConstraints: 'check constraint',
};

/** `tables, public.orgs, columns, name, notNull` as `table orgs, column name, notNull`. */
function nameOf(path: string[]): string {
  const parts: string[] = [];
  for (let index = 0; index < path.length; index += 2) {
    const kind = path[index] ?? '';
    const name = path[index + 1]?.replace(/^public\./, '');
    parts.push(name === undefined ? kind : `${KINDS[kind] ?? kind} ${name}`);
  }
  return parts.join(', ');
}

function describe({ path, inCode, inMigrations }: Difference): string {
  const right = 'run `npm run migrate:generate -- --name what_it_does`, or undo the change in the code';
  if (inMigrations === undefined) return `${nameOf(path)} is in the code but in no migration: ${right}`;
  if (inCode === undefined) return `${nameOf(path)} is in the migrations but no longer in the code: ${right}`;
  const [code, migrations] = [JSON.stringify(inCode), JSON.stringify(inMigrations)];
  return `${nameOf(path)} is ${code} in the code and ${migrations} after the migrations: ${right}`;
}

/**
 * Compares the tables that `schema` (the exports of lib/db/schema.ts) declares with those after the last migration.
 * @param sources files of the schema, to name the line.
 */
export function checkSchema(
  folder: string,
  migrations: Migration[],
  schema: Tree,
  sources: readonly SchemaSource[],
): Problem[] {
  const snapshots = migrations.map(({ number }) => join(folder, snapshotFile(number)));
  // A missing snapshot is a broken order, which is said there.
  const last = snapshots.findLast((path) => existsSync(path));
  if (last === undefined) return [];
  const inMigrations = JSON.parse(readFileSync(last, 'utf8')) as Tree;
  // Through JSON, as the file went: a member that is undefined is absent.
  const inCode = JSON.parse(JSON.stringify(generateDrizzleJson(schema))) as Tree;
  const problems: Problem[] = [];
  for (const difference of differences(inCode, inMigrations)) {
    const [kind = '', item = '', , part = ''] = difference.path;
    if (['id', 'prevId', '_meta', 'version'].includes(kind)) continue;
    const table = `'${item.replace(/^public\./, '')}'`;
    const source = sources.find(({ text }) => text.includes(table));
    const text = source?.text ?? '';
    const line = lineOf(text, table, `'${part}'`) ?? lineOf(text, table);
    problems.push(problemAt(source?.file ?? 'lib/db/schema.ts', line, describe(difference)));
  }
  return problems;
}
