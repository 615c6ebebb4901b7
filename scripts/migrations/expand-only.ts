/**
 * What squawk lets pass although the previous release would not survive it, or a big table would be locked.
 * A list of what is allowed, not of what is forbidden: a statement nobody has thought of is refused.
 * `-- reviewed: <why>` before a statement lets it pass.
 */
import { splitAtCommas, type Statement } from './sql.ts';

/** What the check must know beside the statement itself. */
export interface Surroundings {
  /** Tables made by this file: nobody uses them yet, so everything is allowed on them. */
  ownTables: Set<string>;
  /** Names of the constraints this file adds: dropping one to add it anew widens it. */
  addedConstraints: Set<string>;
  /** Unique indexes of earlier migrations: the previous release's ON CONFLICT may need them. */
  uniqueIndexes: Set<string>;
  /** False when the file's first line says `-- no-transaction`. */
  inTransaction: boolean;
}

const CREATE_TABLE = /^create (?:unlogged )?table (?:if not exists )?(\S+)/;
const UNIQUE_INDEX = /^create unique index (?:concurrently )?(?:if not exists )?(\S+) on /;
const ALTER_TABLE = /^alter table (?:if exists )?(?:only )?(\S+) (?:\* )?(.*)$/;
const ADD_CONSTRAINT = /\badd constraint (\S+)/g;
const ALLOWED = [
  /^create (?:unique )?index /,
  /^create (?:type|sequence) /,
  /^alter type \S+ add value /,
  /^comment on /,
  /^insert into /,
];
const ALLOWED_ACTIONS = [
  /^add (?:constraint \S+ )?(?:check|foreign key|unique|primary key)\b/,
  /^add constraint \S+ not null /,
  /^validate constraint /,
  /^alter (?:column )?\S+ (?:set default|set statistics|set storage|set compression|set \(|reset \()/,
  /^(?:set|reset) \( /,
];
const ADD_CONSTRAINT_ACTION = /^add (?:constraint|check|foreign|unique|primary|exclude)\b/;

const REMOVAL =
  'the previous release may use it: leave it until no release that can be rolled back to needs it';
const ROWS = 'it would lock or rewrite the rows of a big table: change rows in small batches from code';
const OUTSIDE =
  'it cannot run in a transaction: put it in a file of its own whose first line is `-- no-transaction`';
const UNKNOWN =
  'it is not among the statements that are known to keep the previous release running and to lock no big table';

/** The tables and constraints a file makes. */
export function madeBy(statements: Statement[]): Pick<Surroundings, 'ownTables' | 'addedConstraints'> {
  const ownTables = new Set<string>();
  const addedConstraints = new Set<string>();
  for (const { text } of statements) {
    const table = CREATE_TABLE.exec(text)?.[1];
    if (table !== undefined) ownTables.add(table);
    for (const [, name] of text.matchAll(ADD_CONSTRAINT)) if (name !== undefined) addedConstraints.add(name);
  }
  return { ownTables, addedConstraints };
}

/** Names of the unique indexes that the statements make. */
export function uniqueIndexesOf(statements: Statement[]): string[] {
  return statements.flatMap(({ text }) => UNIQUE_INDEX.exec(text)?.[1] ?? []);
}

function refuseAction(action: string, addedConstraints: Set<string>): string | undefined {
  if (ALLOWED_ACTIONS.some((allowed) => allowed.test(action))) return undefined;
  if (action.startsWith('add ') && !ADD_CONSTRAINT_ACTION.test(action)) {
    const costly = /\b(check|generated|(?:small|big)?serial)\b/.exec(action)?.[1];
    if (costly === undefined) return undefined;
    return `a new column with ${costly} rewrites or scans the table under a lock: add it plain, then the rest on its own`;
  }
  const dropped = /^drop constraint (?:if exists )?(\S+)/.exec(action)?.[1];
  if (dropped !== undefined && addedConstraints.has(dropped)) return undefined;
  if (/^(alter (column )?\S+ )?drop /.test(action)) return REMOVAL;
  return UNKNOWN;
}

function refuseTable(text: string, around: Surroundings): string | undefined {
  const parent = / partition of (\S+)/.exec(text)?.[1];
  if (parent === undefined || around.ownTables.has(parent)) return undefined;
  return `a partition of ${parent} locks it and scans its default partition: the reconciler makes partitions`;
}

/** Why the statement is refused; undefined when it is known to be safe. */
export function refuse({ text }: Statement, around: Surroundings): string | undefined {
  if (around.inTransaction && / concurrently /.test(text)) return OUTSIDE;
  if (CREATE_TABLE.test(text)) return refuseTable(text, around);
  const [, table, actions] = ALTER_TABLE.exec(text) ?? [];
  if (table !== undefined && actions !== undefined) {
    if (around.ownTables.has(table)) return undefined;
    const reasons = splitAtCommas(actions).map((action) => refuseAction(action, around.addedConstraints));
    return reasons.find((reason) => reason !== undefined);
  }
  const index = /^drop index concurrently (?:if exists )?(\S+)/.exec(text)?.[1];
  if (index !== undefined) return around.uniqueIndexes.has(index) ? REMOVAL : undefined;
  if (ALLOWED.some((allowed) => allowed.test(text))) return undefined;
  if (text.startsWith('drop ')) return REMOVAL;
  if (/^(update|delete|truncate|merge|with) /.test(text)) return ROWS;
  if (/^(set|reset) /.test(text)) return 'the runner sets lock_timeout and statement_timeout: leave it out';
  return UNKNOWN;
}
