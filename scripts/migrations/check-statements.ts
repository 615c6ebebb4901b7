/** Refusal 4: a statement that would break the previous release or lock a big table. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as v from 'valibot';
import { madeBy, refuse, uniqueIndexesOf } from './expand-only.ts';
import type { Migration } from './folder.ts';
import type { Problem } from './problem.ts';
import { statementsOf, type Statement } from './sql.ts';

/** Oldest Postgres that is supported. */
const POSTGRES_VERSION = '15.0';
const MAX_OUTPUT_BYTES = 64 << 20;
/** Taste (integers, IF NOT EXISTS, order of enum values) or what the runner does itself (timeouts). */
const RULES_LEFT_OUT = [
  'prefer-bigint-over-int',
  'prefer-bigint-over-smallint',
  'prefer-robust-stmts',
  'require-enum-value-ordering',
  'require-lock-timeout',
  'require-statement-timeout',
];
const IN_A_FILE_OF_ITS_OWN =
  'CREATE INDEX CONCURRENTLY in a migration of its own whose first line is `-- no-transaction`';
const LATER = 'leave it until no release that can be rolled back to needs it';
/** What would be right, where squawk only says what is wrong or does not know how our runner works. */
const ADVICE: Record<string, string> = {
  'ban-drop-table': LATER,
  'ban-drop-column': LATER,
  'ban-drop-not-null': 'the previous release does not expect null here: add a new column that may be null',
  'adding-field-with-default':
    'add it without the default, SET DEFAULT in a second statement, fill old rows in small batches from code',
  'renaming-column': 'add a column with the new name and write both until the old one is unused',
  'renaming-table': 'keep the name in the database, change the one in the code',
  'changing-column-type': 'add a column of the new type and write both until the old one is unused',
  'adding-required-field': 'give it a constant default, or let it be null',
  'require-concurrent-index-creation': IN_A_FILE_OF_ITS_OWN,
  'ban-concurrent-index-creation-in-transaction': IN_A_FILE_OF_ITS_OWN,
  'constraint-missing-not-valid': 'add it NOT VALID, and VALIDATE CONSTRAINT in the next migration',
  'transaction-nesting': 'leave it out, the runner wraps the file in a transaction',
};

const require = createRequire(import.meta.url);
const squawkOutput = v.array(
  v.object({
    file: v.string(),
    /** Both from 0. */
    line: v.number(),
    column: v.number(),
    message: v.string(),
    help: v.nullable(v.string()),
    rule_name: v.string(),
  }),
);
type Finding = v.InferOutput<typeof squawkOutput>[number];

/**
 * Runs squawk on files that all run in a transaction, or all do not.
 * @throws {Error} when squawk cannot run: then nothing was checked.
 */
async function squawk(paths: string[], inTransaction: boolean): Promise<Finding[]> {
  if (paths.length === 0) return [];
  const { getBinaryPath } = require('squawk-cli/js/index.js') as { getBinaryPath: () => string };
  const flag = inTransaction ? '--assume-in-transaction' : '--no-assume-in-transaction';
  const rules = RULES_LEFT_OUT.map((rule) => `--exclude=${rule}`);
  const options = ['--reporter=json', `--pg-version=${POSTGRES_VERSION}`, flag, ...rules];
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      getBinaryPath(),
      [...options, ...paths],
      { maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        // It exits 1 when it found something, which stands on stdout then.
        if (error !== null && stdout.trim() === '')
          reject(new Error(`squawk failed: ${stderr}`, { cause: error }));
        else resolve(stdout);
      },
    );
  });
  return v.parse(squawkOutput, JSON.parse(output));
}

const isReviewed = ({ comments }: Statement): boolean => comments.some((text) => /^reviewed: \S/.test(text));

function describe(statement: Statement, reason: string): string {
  const shown = statement.text.length > 60 ? `${statement.text.slice(0, 57)}...` : statement.text;
  return `"${shown}": ${reason}`;
}

function fromSquawk({ rule_name: rule, message, help }: Finding): string {
  const advice = ADVICE[rule] ?? help;
  return `${message.replace(/\.$/, '')}${advice === null ? '' : `: ${advice.replace(/\.$/, '')}`} (squawk ${rule})`;
}

/** A file without a transaction can be cut off anywhere: it holds only what can be run again. */
function refuseOutsideTransaction(migration: Migration, file: string): Problem[] {
  if (migration.inTransaction) return [];
  const problems: Problem[] = [];
  for (const chunk of migration.chunks) {
    const statements = statementsOf(chunk.sql);
    const alone = statements.length === 1;
    if (!alone) {
      const message =
        'without a transaction statements run one by one: put `--> statement-breakpoint` between them';
      problems.push({ file, line: chunk.line + (statements[0]?.line ?? 1) - 1, message });
    }
    for (const statement of statements) {
      if (/^(create (unique )?|drop )index concurrently /.test(statement.text)) continue;
      const message =
        'only CREATE and DROP INDEX CONCURRENTLY may run without a transaction: move it to its own file';
      problems.push({ file, line: chunk.line + statement.line - 1, message: describe(statement, message) });
    }
  }
  return problems;
}

/** Squawk's own comments need no reason, and hide a problem from this check too. */
function refuseSquawkComments({ text }: Migration, file: string): Problem[] {
  const message =
    'say why it is safe with `-- reviewed: <why>` before the statement, not with a squawk comment';
  return text
    .split('\n')
    .flatMap((line, index) =>
      /squawk-(ignore|disable)/.test(line) ? [{ file, line: index + 1, message }] : [],
    );
}

/** Where a finding is in the file, in characters. */
function offsetOf(text: string, { line, column }: Finding): number {
  const before = text.split('\n').slice(0, line);
  return before.reduce((sum, { length }) => sum + length + 1, column);
}

function checkFile(
  migration: Migration,
  file: string,
  findings: Finding[],
  uniqueIndexes: Set<string>,
): Problem[] {
  const { text, inTransaction } = migration;
  const statements = statementsOf(text);
  const around = { ...madeBy(statements), uniqueIndexes, inTransaction };
  const problems = [...refuseSquawkComments(migration, file), ...refuseOutsideTransaction(migration, file)];
  const left = new Set(findings);
  for (const statement of statements) {
    const { start, end, line } = statement;
    const own = findings.filter((finding) => {
      const offset = offsetOf(text, finding);
      return offset >= start && offset < end;
    });
    for (const finding of own) left.delete(finding);
    if (isReviewed(statement)) continue;
    for (const finding of own) problems.push({ file, line: finding.line + 1, message: fromSquawk(finding) });
    const reason = own.length === 0 ? refuse(statement, around) : undefined;
    if (reason !== undefined) problems.push({ file, line, message: describe(statement, reason) });
  }
  for (const finding of left) problems.push({ file, line: finding.line + 1, message: fromSquawk(finding) });
  for (const name of uniqueIndexesOf(statements)) uniqueIndexes.add(name);
  return problems;
}

/**
 * Checks every statement of every migration, by squawk and by our own list.
 * @throws {Error} when squawk cannot run.
 */
export async function checkStatements(folder: string, migrations: Migration[]): Promise<Problem[]> {
  const pathOf = ({ name }: Migration): string => join(folder, `${name}.sql`);
  const [inside, outside] = await Promise.all(
    [true, false].map(async (inTransaction) =>
      squawk(
        migrations.filter((migration) => migration.inTransaction === inTransaction).map(pathOf),
        inTransaction,
      ),
    ),
  );
  const findings = [...(inside ?? []), ...(outside ?? [])];
  const uniqueIndexes = new Set<string>();
  return migrations.flatMap((migration) => {
    const own = findings.filter(({ file }) => file === pathOf(migration));
    return checkFile(migration, `${migration.name}.sql`, own, uniqueIndexes);
  });
}
