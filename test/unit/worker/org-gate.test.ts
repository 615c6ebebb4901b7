import { describe, expect, it } from 'vitest';
import { createOrgGate } from '../../../worker/org-gate.ts';

describe('the gate', () => {
  it('lets as many through at once as there are places, and one more for each that is through', async () => {
    const gate = createOrgGate(2);
    expect([gate.enter('a'), gate.enter('a')]).toEqual([undefined, undefined]);
    let isIn = false;
    const third = gate.enter('a')?.then(() => (isIn = true));
    await Promise.resolve();
    expect(isIn).toBe(false);
    gate.leave();
    await third;
    expect(isIn).toBe(true);
    gate.leave();
    gate.leave();
    expect([gate.enter('a'), gate.enter('b')]).toEqual([undefined, undefined]);
  });

  it('gives an org that comes late its turn after one of each other org', async () => {
    const gate = createOrgGate(1);
    void gate.enter('a');
    const order: string[] = [];
    const entered = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) =>
      Promise.resolve(gate.enter(name.charAt(0))).then(() => {
        order.push(name);
        gate.leave();
      }),
    );
    gate.leave();
    await Promise.all(entered);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });
});
