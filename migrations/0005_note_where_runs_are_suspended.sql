ALTER TABLE "workflow_runs" ADD COLUMN "suspended_generation" integer;
--> statement-breakpoint
ALTER TABLE "workflow_runs" SET (fillfactor = 45);
