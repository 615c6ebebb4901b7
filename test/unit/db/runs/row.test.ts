import { describe, expect, it } from 'vitest';
import { toRun, type RunRow } from '../../../../lib/db/runs/row.ts';

/** `NEVER_MS` as Postgres writes it. */
const NEVER = '9999-12-31 00:00:00+00';

const row = (status: RunRow['status'], nextAttemptAt: string | null): RunRow => ({
  id: 'r',
  org_id: 'o',
  workflow_id: 'w',
  version: 1,
  status,
  trigger: 'api',
  requested_by: 'k',
  priority: 5,
  labels: {},
  input: null,
  output: null,
  error: null,
  attempt_count: 1,
  max_attempts: 3,
  next_attempt_at: nextAttemptAt,
  lease: 1,
  generation: 1,
  format: 2,
  suspending: false,
  accepted: true,
  resuming: true,
  timeline_count: 0,
  created_at: '2026-01-01 00:00:00+00',
  status_since: '2026-01-01 00:00:00+00',
  started_at: null,
  finished_at: null,
  parent_run_id: null,
  rerun_of: null,
  schedule_id: null,
});

describe('nextAttemptAt of a run', () => {
  it.each(['waiting', 'suspended'] as const)(
    'is null for a run that only a signal wakes, also when it is %s',
    (status) => {
      expect(toRun(row(status, NEVER)).nextAttemptAt).toBeNull();
    },
  );

  it('is the end of the wait for a suspended run that waited for a time', () => {
    expect(toRun(row('suspended', '2026-01-02 00:00:00+00')).nextAttemptAt).toBe('2026-01-02T00:00:00.000Z');
  });
});
