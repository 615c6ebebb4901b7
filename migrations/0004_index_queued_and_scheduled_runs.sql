-- no-transaction: the tables are large and in use
CREATE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_queued" ON "workflow_runs" USING btree ("org_id") WHERE "workflow_runs"."status" = 'queued';
--> statement-breakpoint
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "workflow_runs_fire" ON "workflow_runs" USING btree ("schedule_id","fire_key") WHERE "workflow_runs"."schedule_id" IS NOT NULL;
