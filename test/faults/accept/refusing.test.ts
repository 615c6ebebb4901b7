/** The accept contract while Redis answers but refuses writes. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectContractThrough, expectRefusedThroughout } from '../../support/outage.ts';
import { full, flickering, passwordChanged, readOnly, unwritableDisk } from '../../support/redis-faults.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';

const DEADLINE_MS = 600;
let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack({ env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: String(DEADLINE_MS) } });
});
afterAll(async () => stack.close());

describe('every 201 ends, every 503 leaves nothing', () => {
  it('while Redis is full (maxmemory with noeviction)', async () => {
    expectRefusedThroughout(
      await expectContractThrough(stack, full(stack.redis), { deadlineMs: DEADLINE_MS }),
    );
  });

  it('while Redis is full every few milliseconds', async () => {
    await expectContractThrough(stack, flickering(stack.redis), { deadlineMs: DEADLINE_MS });
  });

  it('while Redis is read-only (REPLICAOF a master that is not there)', async () => {
    expectRefusedThroughout(
      await expectContractThrough(stack, readOnly(stack.redis), { deadlineMs: DEADLINE_MS }),
    );
  });

  it('while Redis cannot write its snapshots (MISCONF)', async () => {
    const fault = unwritableDisk(stack.redis);
    expectRefusedThroughout(await expectContractThrough(stack, fault, { deadlineMs: DEADLINE_MS }));
  });

  it('while the password of Redis is another', async () => {
    const fault = passwordChanged(stack.redis);
    expectRefusedThroughout(await expectContractThrough(stack, fault, { deadlineMs: DEADLINE_MS }));
  });
});
