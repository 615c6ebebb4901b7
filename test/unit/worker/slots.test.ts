import { describe, expect, it } from 'vitest';
import { createSlots } from '../../../worker/slots.ts';

describe('a slot of the queue', () => {
  it('is left by a run that computes for long, once', async () => {
    const slot = createSlots(1).open();
    slot.computed(49);
    expect(slot.hasLeft()).toBe(false);
    slot.computed(50);
    slot.computed(90);
    expect(slot.hasLeft()).toBe(true);
    await slot.left;
  });

  it('is kept when too many have left, until one of them is over', () => {
    const slots = createSlots(2);
    const [first, second, third] = [slots.open(), slots.open(), slots.open()];
    for (const slot of [first, second, third]) slot.computed(100);
    expect([first, second, third].map((slot) => slot.hasLeft())).toEqual([true, true, false]);
    first.end();
    third.computed(200);
    expect(third.hasLeft()).toBe(true);
  });

  it('that was never left gives nothing back at its end', () => {
    const slots = createSlots(1);
    slots.open().end();
    const [first, second] = [slots.open(), slots.open()];
    first.computed(100);
    second.computed(100);
    expect([first.hasLeft(), second.hasLeft()]).toEqual([true, false]);
  });
});
