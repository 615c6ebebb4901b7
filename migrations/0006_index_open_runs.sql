-- no-transaction: the tables are large and in use
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_active_due" ON "workflow_runs" USING btree ((COALESCE("next_attempt_at", "created_at")),"id") WHERE "workflow_runs"."finished_at" IS NULL AND NOT ("workflow_runs"."resuming" AND "workflow_runs"."next_attempt_at" IS NOT NULL) AND "workflow_runs"."suspended_generation" IS DISTINCT FROM "workflow_runs"."generation";
--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_active_org" ON "workflow_runs" USING btree ("org_id") WHERE "workflow_runs"."finished_at" IS NULL AND NOT ("workflow_runs"."resuming" AND "workflow_runs"."next_attempt_at" IS NOT NULL) AND "workflow_runs"."suspended_generation" IS DISTINCT FROM "workflow_runs"."generation";
--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_resting" ON "workflow_runs" USING btree ("next_attempt_at","id") WHERE "workflow_runs"."finished_at" IS NULL AND "workflow_runs"."resuming" AND "workflow_runs"."next_attempt_at" IS NOT NULL AND "workflow_runs"."suspended_generation" IS DISTINCT FROM "workflow_runs"."generation";
--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_of_workflow" ON "workflow_runs" USING btree ("workflow_id","id");
--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "workflow_runs_queued";
--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "workflow_runs_workflow";
--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "workflow_runs_due";
--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "workflow_runs_running";
