import { describe, expect, it } from 'vitest';
import { Admission, weightOf } from '../../../lib/http/admission.ts';

function openAdmission() {
  let nowMs = 1000;
  const admission = new Admission(() => nowMs);
  return { admission, pass: (ms: number) => void (nowMs += ms) };
}

/** Enters as many as are let in, at most `most`. */
function fill(admission: Admission, most = 100_000): (() => void)[] {
  const leaves: (() => void)[] = [];
  while (leaves.length < most) {
    const leave = admission.enter(1);
    if (leave === null) break;
    leaves.push(leave);
  }
  return leaves;
}

describe('what is under way', () => {
  it('is bounded from the first request on, and a place that is left is free again', () => {
    const { admission } = openAdmission();
    const leaves = fill(admission);
    expect(leaves.length).toBe(1024);
    expect(admission.isFull()).toBe(true);
    leaves.pop()?.();
    expect(admission.isFull()).toBe(false);
    expect(fill(admission).length).toBe(1);
  });

  it('comes to the time that a creation may take when the service is slow: rate × 250 ms', () => {
    const { admission, pass } = openAdmission();
    // 2,000/s are served, in order, and as many as are let in wait: a queue with a fixed rate.
    const queue = fill(admission);
    for (let ms = 0; ms < 5000; ms += 1) {
      pass(1);
      for (const leave of queue.splice(0, 2)) leave();
      queue.push(...fill(admission));
    }
    expect(queue.length).toBeGreaterThan(350);
    expect(queue.length).toBeLessThan(650);
  });

  it('is never refused below 256, however slow the service is', () => {
    const { admission, pass } = openAdmission();
    const queue = fill(admission);
    for (let ms = 0; ms < 20_000; ms += 10) {
      pass(10);
      queue.shift()?.();
      queue.push(...fill(admission));
    }
    expect(admission.inFlight).toBe(256);
    expect(admission.limit).toBe(256);
  });

  it('is cut while nothing ends at all: a service that hangs tells nothing', () => {
    const { admission, pass } = openAdmission();
    fill(admission, 300);
    expect(admission.isFull()).toBe(false);
    for (let ms = 0; ms < 1000; ms += 50) {
      pass(50);
      admission.isFull();
    }
    expect(admission.isFull()).toBe(true);
    expect(admission.limit).toBe(256);
  });
});

describe('the limit', () => {
  it('rises again while creations are served in time', () => {
    const { admission, pass } = openAdmission();
    const queue = fill(admission);
    pass(2000);
    for (const leave of queue) leave();
    expect(admission.limit).toBeLessThan(1024);
    const slow = admission.limit;
    const others = fill(admission, 10);
    for (let round = 0; round < 30; round += 1) {
      pass(100);
      others.shift()?.();
      others.push(...fill(admission, 1));
    }
    // Each took a second: the queue is short, and slow all the same.
    expect(admission.limit).toBe(256);
    for (const leave of others) leave();
    for (let round = 0; round < 30; round += 1) {
      const leave = admission.enter(1);
      pass(100);
      leave?.();
    }
    expect(admission.limit).toBeGreaterThan(slow);
    expect(admission.limit).toBe(1024);
  });

  it('has risen after a pause: what was slow then says nothing about now', () => {
    const { admission, pass } = openAdmission();
    const queue = fill(admission);
    pass(2000);
    for (const leave of queue) leave();
    expect(admission.limit).toBe(512);
    pass(60_000);
    expect(fill(admission).length).toBe(1024);
  });
});

describe('weight', () => {
  it('of a small lone run is about one, of a thousand in a batch far less than a thousand', () => {
    expect(weightOf(1, 2)).toBeCloseTo(1, 3);
    expect(weightOf(1000, 0)).toBeCloseTo(63.4, 1);
    expect(weightOf(1, 1 << 20)).toBe(17);
  });

  it('lets a heavy request in while there is room, and counts it whole', () => {
    const { admission } = openAdmission();
    fill(admission, 1023);
    const heavy = admission.enter(weightOf(1000, 1 << 20));
    expect(heavy).not.toBeNull();
    expect(admission.enter(1)).toBeNull();
    heavy?.();
    expect(admission.inFlight).toBeCloseTo(1023, 6);
    expect(admission.enter(1)).not.toBeNull();
  });

  it('of fractions leaves nothing behind', () => {
    const { admission } = openAdmission();
    for (let round = 0; round < 10_000; round += 1) admission.enter(weightOf(3, round))?.();
    expect(admission.inFlight).toBe(0);
  });
});
