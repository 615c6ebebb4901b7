/** The accept contract while the Redis process is killed, stopped, restarted, or loads its data. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectContractThrough, expectRefusedThroughout } from '../../support/outage.ts';
import { killed, loading, paused, restarted, SLOW_LOADING } from '../../support/redis-faults.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';

const DEADLINE_MS = 600;
let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack({
    env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: String(DEADLINE_MS) },
    redis: { settings: { ...SLOW_LOADING } },
  });
});
afterAll(async () => stack.close());

describe('every 201 ends, every 503 leaves nothing', () => {
  it('while Redis is killed and comes back empty', async () => {
    expectRefusedThroughout(
      await expectContractThrough(stack, killed(stack.redis), { deadlineMs: DEADLINE_MS }),
    );
  });

  it('while Redis is stopped (SIGSTOP) and goes on; a command that arrives late is dropped', async () => {
    expectRefusedThroughout(
      await expectContractThrough(stack, paused(stack.redis), { deadlineMs: DEADLINE_MS }),
    );
    const refused = stack.api.logs
      .filter(({ event }) => event === 'queue_unavailable')
      .map(({ runId }) => runId);
    const orphaned = stack.worker?.logs.filter(({ event }) => event === 'workflow_run_orphaned') ?? [];
    expect(orphaned.length).toBeGreaterThan(0);
    expect(orphaned.filter(({ runId }) => !refused.includes(runId))).toEqual([]);
  });

  it('while Redis is restarted', async () => {
    await expectContractThrough(stack, restarted(stack.redis), { deadlineMs: DEADLINE_MS, lastsMs: 1500 });
  });

  it('while Redis is killed and takes seconds to load its data (LOADING)', async () => {
    const outage = await expectContractThrough(stack, loading(stack.redis, 3), { deadlineMs: DEADLINE_MS });
    expectRefusedThroughout(outage);
    expect(outage.samples.filter(({ reason }) => reason === 'loading').length).toBeGreaterThan(20);
  });
});
