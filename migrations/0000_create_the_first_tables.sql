CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"name" text,
	"secret_hash" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "leaders" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" uuid NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orgs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"pid" integer NOT NULL,
	"concurrency" integer NOT NULL,
	"started_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"heartbeat_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"stopping_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "workflow_run_events" (
	"run_id" uuid NOT NULL,
	"org_id" uuid NOT NULL,
	"first" integer NOT NULL,
	"entries" json NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workflow_run_events_pk" PRIMARY KEY("run_id","first","created_at")
) PARTITION BY RANGE ("created_at");
--> statement-breakpoint
CREATE TABLE "workflow_run_events_default" PARTITION OF "workflow_run_events" DEFAULT;
--> statement-breakpoint
CREATE TABLE "workflow_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"workflow_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"trigger" text NOT NULL,
	"requested_by" text NOT NULL,
	"priority" smallint DEFAULT 5 NOT NULL,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"input" json,
	"output" json,
	"error" json,
	"attempt_count" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer NOT NULL,
	"next_attempt_at" timestamp(3) with time zone,
	"lease" integer DEFAULT 0 NOT NULL,
	"generation" integer DEFAULT 0 NOT NULL,
	"claimed_by" uuid,
	"resuming" boolean DEFAULT false NOT NULL,
	"accepted" boolean DEFAULT false NOT NULL,
	"idempotency_key" text,
	"idempotency_digest" text,
	"progress" json,
	"timeline_count" integer DEFAULT 0 NOT NULL,
	"timeline_dropped" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"status_since" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp(3) with time zone,
	"finished_at" timestamp(3) with time zone,
	CONSTRAINT "workflow_runs_status" CHECK ("workflow_runs"."status" IN ('queued','running','waiting','suspended','succeeded','failed','cancelled'))
) WITH (fillfactor = 80);
--> statement-breakpoint
CREATE TABLE "workflow_versions" (
	"org_id" uuid NOT NULL,
	"workflow_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"definition" json NOT NULL,
	"source" text NOT NULL,
	"digest" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"published_by" text NOT NULL,
	CONSTRAINT "workflow_versions_pk" PRIMARY KEY("org_id","workflow_id","version")
);
--> statement-breakpoint
CREATE TABLE "workflows" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"name" text NOT NULL,
	"draft" json NOT NULL,
	"draft_source" text NOT NULL,
	"draft_digest" text NOT NULL,
	"published_version" integer,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"archived_at" timestamp(3) with time zone,
	CONSTRAINT "workflows_org_id" UNIQUE("org_id","id")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_runs" ADD CONSTRAINT "workflow_runs_version" FOREIGN KEY ("org_id","workflow_id","version") REFERENCES "workflow_versions"("org_id","workflow_id","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_versions" ADD CONSTRAINT "workflow_versions_workflow" FOREIGN KEY ("org_id","workflow_id") REFERENCES "workflows"("org_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflows" ADD CONSTRAINT "workflows_org_id_orgs_id_fk" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_org" ON "api_keys" USING btree ("org_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_runs_idempotency" ON "workflow_runs" USING btree ("org_id","idempotency_key") WHERE "workflow_runs"."idempotency_key" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "workflow_runs_org" ON "workflow_runs" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "workflow_runs_workflow" ON "workflow_runs" USING btree ("org_id","workflow_id","id");--> statement-breakpoint
CREATE INDEX "workflow_runs_due" ON "workflow_runs" USING btree ((COALESCE("next_attempt_at", "created_at")),"id") WHERE "workflow_runs"."status" IN ('queued','waiting');--> statement-breakpoint
CREATE INDEX "workflow_runs_running" ON "workflow_runs" USING btree ("claimed_by") WHERE "workflow_runs"."status" = 'running';
