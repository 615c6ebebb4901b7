import { describe, expect, it } from 'vitest';
import { Admission, weightOf } from '../../../lib/http/admission.ts';

function openAdmission() {
  let nowMs = 1000;
  const admission = new Admission(() => nowMs);
  return { admission, pass: (ms: number) => void (nowMs += ms) };
}

/** Enters as many as are let in, at most `most`. */
function fill(admission: Admission, most = 100_000, orgId = 'one'): (() => void)[] {
  const leaves: (() => void)[] = [];
  while (leaves.length < most) {
    const leave = admission.enter(orgId, 1);
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
    expect(admission.isFull('one')).toBe(true);
    leaves.pop()?.();
    expect(admission.isFull('one')).toBe(false);
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
    expect(admission.isFull('one')).toBe(false);
    for (let ms = 0; ms < 1000; ms += 50) {
      pass(50);
      admission.isFull('one');
    }
    expect(admission.isFull('one')).toBe(true);
    expect(admission.limit).toBe(256);
  });
});

describe('an org that floods the process', () => {
  it('shuts no other out: each of them has its share, and gets it whole once there is room', () => {
    const { admission } = openAdmission();
    const flood = fill(admission);
    expect(admission.isFull('one')).toBe(true);
    expect(admission.isFull('two')).toBe(false);
    expect(fill(admission, 100_000, 'two').length).toBe(512);
    expect(fill(admission, 100_000, 'three').length).toBe(342);
    for (const leave of flood) leave();
    expect(admission.inFlight).toBe(512 + 342);
    // Two orgs and the limit that is left.
    expect(fill(admission, 100_000, 'two').length).toBe(1024 - 512 - 342);
    expect(admission.isFull('two')).toBe(true);
    expect(admission.isFull('three')).toBe(false);
  });

  it('bounds what is under way all the same, however many orgs there are', () => {
    const { admission } = openAdmission();
    for (let org = 0; org < 5000; org += 1) fill(admission, 100_000, `org ${org}`);
    expect(admission.inFlight).toBe(2048);
    expect(admission.isFull('another')).toBe(true);
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
      const leave = admission.enter('one', 1);
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
    const heavy = admission.enter('one', weightOf(1000, 1 << 20));
    expect(heavy).not.toBeNull();
    expect(admission.enter('one', 1)).toBeNull();
    heavy?.();
    expect(admission.inFlight).toBeCloseTo(1023, 6);
    expect(admission.enter('one', 1)).not.toBeNull();
  });

  it('of fractions leaves nothing behind', () => {
    const { admission } = openAdmission();
    for (let round = 0; round < 10_000; round += 1) admission.enter('one', weightOf(3, round))?.();
    expect(admission.inFlight).toBe(0);
  });
});
