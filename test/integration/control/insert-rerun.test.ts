/** Reruns that no caller waits for: their rows stay, and each is inserted once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InputSchemas } from '../../../lib/accept/input-schemas.ts';
import type { InputCheckDeps } from '../../../lib/accept/input-check.ts';
import { findOwnRuns, type NewRun } from '../../../lib/db/runs/insert.ts';
import { insertRerun, prepareRerun } from '../../../lib/runs/rerun.ts';
import { openLog } from '../../../lib/telemetry/log.ts';
import { openRunRows, type RunRows } from '../../support/run-rows.ts';

const RUN = '01890000-0000-7000-8000-000000000001';
let rows: RunRows;
let deps: InputCheckDeps;

beforeAll(async () => {
  rows = await openRunRows(1);
  const config = { databaseTimeoutMs: 5000 };
  deps = { sql: rows.sql, config, log: openLog('silent', 'test'), inputSchemas: new InputSchemas() };
  await rows.sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, input)
    VALUES (${RUN}, ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 1, 'succeeded', '[1]')`;
});
afterAll(async () => rows.close());

async function prepared(key: string | null): Promise<NewRun> {
  const [run] = await findOwnRuns(rows.sql, [RUN]);
  if (run === undefined) throw new Error('the run is not there');
  const config = { databaseTimeoutMs: 5000, maxRunStateBytes: 1 << 20, retryAttempts: 7 };
  return prepareRerun(
    { sql: rows.sql, config, definition: () => Promise.reject(new Error('not needed')) },
    run,
    { from: 'start', version: null },
    { requestedBy: 'bulk', idempotency: key === null ? null : { key, digest: '' } },
  );
}

it('is queued with everything its job needs', async () => {
  const run = await prepared(null);
  expect(await insertRerun(deps, run)).toMatchObject({
    kind: 'inserted',
    row: {
      id: run.id,
      status: 'queued',
      trigger: 'rerun',
      rerun_of: RUN,
      generation: 0,
      format: 1,
      delay_ms: 0,
      max_attempts: 7,
    },
  });
});

it('is known when it comes again, by its key or by its id', async () => {
  const run = await prepared('key-1');
  expect(await insertRerun(deps, run)).toMatchObject({ kind: 'inserted' });
  expect(await insertRerun(deps, await prepared('key-1'))).toEqual({ kind: 'known' });
  expect(await insertRerun(deps, { ...run, idempotency: null })).toEqual({ kind: 'known' });
});

it('is refused when its workflow can no longer run', async () => {
  await rows.sql`UPDATE workflows SET archived_at = now()`;
  expect(await insertRerun(deps, await prepared(null))).toMatchObject({
    kind: 'refused',
    error: { code: 'INVALID_STATE', message: expect.stringContaining('archived') },
  });
  await rows.sql`UPDATE workflows SET archived_at = NULL`;
});
