/** What drizzle-kit cannot write is in every migration that makes those tables, however often it is made anew. */
import { expect, it } from 'vitest';
import { finish } from '../../../scripts/migrations/finish.ts';
import { copyMigrations } from './support.ts';

it('stores runs with room for updates and the timeline in partitions', () => {
  const generated = `CREATE TABLE "workflow_run_events" (
\t"created_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workflow_runs" (
\t"id" uuid PRIMARY KEY NOT NULL
);
--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD CONSTRAINT "a" FOREIGN KEY ("org_id") REFERENCES "public"."orgs"("id");`;
  expect(finish(generated)).toBe(`CREATE TABLE "workflow_run_events" (
\t"created_at" timestamp(3) with time zone NOT NULL
) PARTITION BY RANGE ("created_at");
--> statement-breakpoint
CREATE TABLE "workflow_run_events_default" PARTITION OF "workflow_run_events" DEFAULT;
--> statement-breakpoint
CREATE TABLE "workflow_runs" (
\t"id" uuid PRIMARY KEY NOT NULL
) WITH (fillfactor = 80);
--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD CONSTRAINT "a" FOREIGN KEY ("org_id") REFERENCES "orgs"("id");
`);
});

it('was done to the first migration', () => {
  const first = copyMigrations().read('0000_create_the_first_tables.sql');
  expect(first).toContain(') WITH (fillfactor = 80);');
  expect(first).toContain(') PARTITION BY RANGE ("created_at");');
});
