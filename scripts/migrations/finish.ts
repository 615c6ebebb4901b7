/** What drizzle-kit cannot write: how tables are stored. Added to every generated migration that makes them. */

/** What stands behind the closing bracket of a table's CREATE TABLE, and statements that follow it. */
const STORAGE: Record<string, { suffix: string; followedBy?: string }> = {
  // Room in each page for the next checkpoint's row version: no index entry is written for it (HOT).
  workflow_runs: { suffix: ' WITH (fillfactor = 80)' },
  workflow_run_events: {
    suffix: ' PARTITION BY RANGE ("created_at")',
    followedBy: 'CREATE TABLE "workflow_run_events_default" PARTITION OF "workflow_run_events" DEFAULT;',
  },
};

/**
 * Finishes the text of a generated migration: storage options and partitions, and names without a schema,
 * so that the tables go where `search_path` says, as the queries do.
 */
export function finish(generated: string): string {
  let text = `${generated.replaceAll('"public".', '').trimEnd()}\n`;
  for (const [table, { suffix, followedBy }] of Object.entries(STORAGE)) {
    text = text.replace(new RegExp(`^CREATE TABLE "${table}" \\([^;]*?\\n\\)(?=;)`, 'm'), `$&${suffix}`);
    if (followedBy !== undefined) {
      text = text.replace(`${suffix};\n`, `${suffix};\n--> statement-breakpoint\n${followedBy}\n`);
    }
  }
  return text;
}
