-- no-transaction: the tables are large and in use
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_parent" ON "workflow_runs" USING btree ("parent_run_id") WHERE "workflow_runs"."parent_run_id" IS NOT NULL;
--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_versions_document" ON "workflow_versions" USING btree ("org_id",("definition" #>> '{document,namespace}'),("definition" #>> '{document,name}'));
