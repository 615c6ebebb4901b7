/** The tables of the usual design. */
export const SCHEMA = `
CREATE TABLE api_keys (
  hash text PRIMARY KEY,
  org_id uuid NOT NULL
);
CREATE TABLE runs (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'queued',
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz
);
CREATE INDEX runs_org_created ON runs (org_id, created_at);
CREATE INDEX runs_status ON runs (status);
`;
