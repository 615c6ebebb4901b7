CREATE TABLE "org_limits" (
	"org_id" uuid PRIMARY KEY NOT NULL,
	"max_runs_in_flight" integer,
	"max_runs_queued" integer,
	"max_requests_per_minute" integer,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "lifecycle_outbox" (
	"run_id" uuid NOT NULL,
	"org_id" uuid NOT NULL,
	"first" integer NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "lifecycle_outbox_pk" PRIMARY KEY("created_at","run_id","first")
);
--> statement-breakpoint
CREATE TABLE "workflow_run_progress" (
	"run_id" uuid NOT NULL,
	"part" integer NOT NULL,
	"body" json NOT NULL,
	CONSTRAINT "workflow_run_progress_pk" PRIMARY KEY("run_id","part")
);
--> statement-breakpoint
CREATE TABLE "event_deliveries" (
	"subscription_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"org_id" uuid NOT NULL,
	"attempt_count" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp(3) with time zone DEFAULT now(),
	"delivered_at" timestamp(3) with time zone,
	"last_status" smallint,
	"last_error" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "event_deliveries_pk" PRIMARY KEY("subscription_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "event_inbox" (
	"owner_id" uuid NOT NULL,
	"key" text NOT NULL,
	"event_id" uuid NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "event_inbox_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	CONSTRAINT "event_inbox_pk" PRIMARY KEY("owner_id","key","event_id")
);
--> statement-breakpoint
CREATE TABLE "event_listeners" (
	"owner_id" uuid NOT NULL,
	"owner" text NOT NULL,
	"key" text NOT NULL,
	"filter" smallint NOT NULL,
	"org_id" uuid NOT NULL,
	"type" text,
	"correlate_from" text,
	"correlate_value" text,
	"condition" json NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "event_listeners_pk" PRIMARY KEY("owner_id","key","filter")
);
--> statement-breakpoint
CREATE TABLE "event_subscriptions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"url" text NOT NULL,
	"types" text[] NOT NULL,
	"lifecycle" boolean NOT NULL,
	"key_id" text NOT NULL,
	"sealed" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp(3) with time zone,
	"disabled_reason" text
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"type" text NOT NULL,
	"source" text NOT NULL,
	"identity" text NOT NULL,
	"envelope" json NOT NULL,
	"run_id" uuid,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"dispatched_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "bulk_operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"action" text NOT NULL,
	"options" json NOT NULL,
	"filter" json NOT NULL,
	"status" text NOT NULL,
	"matched_count" integer NOT NULL,
	"processed_count" integer DEFAULT 0 NOT NULL,
	"succeeded_count" integer DEFAULT 0 NOT NULL,
	"skipped_count" integer DEFAULT 0 NOT NULL,
	"position" uuid,
	"requested_by" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"workflow_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"kind" text NOT NULL,
	"spec" json NOT NULL,
	"overlap" text NOT NULL,
	"next_fire_at" timestamp(3) with time zone,
	"last_fire_at" timestamp(3) with time zone,
	"last_run_id" uuid,
	"skipped_count" bigint DEFAULT 0 NOT NULL,
	"paused_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "schedules_workflow" UNIQUE("org_id","workflow_id")
);
--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "reads_format" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD COLUMN "suspending" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD COLUMN "format" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD COLUMN "rerun_of" uuid;--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD COLUMN "schedule_id" uuid;--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD COLUMN "fire_key" text;--> statement-breakpoint
ALTER TABLE "workflow_versions" ADD COLUMN "format" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "org_limits" ADD CONSTRAINT "org_limits_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_subscriptions" ADD CONSTRAINT "event_subscriptions_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bulk_operations" ADD CONSTRAINT "bulk_operations_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_version" FOREIGN KEY ("org_id","workflow_id","version") REFERENCES "workflow_versions"("org_id","workflow_id","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_deliveries_due" ON "event_deliveries" USING btree ("next_attempt_at") WHERE "event_deliveries"."next_attempt_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "event_deliveries_event" ON "event_deliveries" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "event_inbox_read" ON "event_inbox" USING btree ("owner_id","key","seq");--> statement-breakpoint
CREATE INDEX "event_inbox_event" ON "event_inbox" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "event_listeners_match" ON "event_listeners" USING btree ("org_id","type","correlate_from","correlate_value");--> statement-breakpoint
CREATE INDEX "event_subscriptions_org" ON "event_subscriptions" USING btree ("org_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "events_identity" ON "events" USING btree ("org_id","identity");--> statement-breakpoint
CREATE INDEX "events_org" ON "events" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "events_type" ON "events" USING btree ("org_id","type","id");--> statement-breakpoint
CREATE INDEX "events_undispatched" ON "events" USING btree ("id") WHERE "events"."dispatched_at" IS NULL;--> statement-breakpoint
CREATE INDEX "bulk_operations_org" ON "bulk_operations" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "bulk_operations_running" ON "bulk_operations" USING btree ("id") WHERE "bulk_operations"."status" = 'running';--> statement-breakpoint
CREATE INDEX "schedules_resting" ON "schedules" USING btree ("id") WHERE "schedules"."kind" = 'after' AND "schedules"."next_fire_at" IS NULL;--> statement-breakpoint
CREATE INDEX "schedules_due" ON "schedules" USING btree ("next_fire_at") WHERE "schedules"."next_fire_at" IS NOT NULL;
