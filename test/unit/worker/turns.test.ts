import { describe, expect, it } from 'vitest';
import { createTurns, type TurnLoop } from '../../../worker/turns.ts';

const forever = (): AbortSignal => new AbortController().signal;

/** An event loop by hand: time passes when somebody uses it, turns come when asked for. */
class Loop implements TurnLoop {
  nowMs = 0;
  #next: (() => void)[] = [];
  #later: { atMs: number; work: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  immediate(work: () => void): void {
    this.#next.push(work);
  }

  delay(work: () => void, ms: number): void {
    this.#later.push({ atMs: this.nowMs + ms, work });
  }

  /** One turn; when nothing else is due, time goes on to the next timer. */
  async turn(): Promise<void> {
    const due = this.#next;
    this.#next = [];
    if (due.length === 0) {
      const first = this.#later.toSorted((left, right) => left.atMs - right.atMs)[0];
      if (first !== undefined) {
        this.#later = this.#later.filter((timer) => timer !== first);
        this.nowMs = Math.max(this.nowMs, first.atMs);
        due.push(first.work);
      }
    }
    for (const work of due) {
      work();
      // All that follows from it runs before the loop goes on.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

interface Computing {
  slices: number;
  usedMs: number;
  startedMs: number | null;
  /** Begin and end of the slices. */
  spans: [fromMs: number, toMs: number][];
}

function stage() {
  const loop = new Loop();
  const ask = createTurns(loop);
  const turn = (usedMs: number, signal: AbortSignal, workflowId = 'one') =>
    ask({ workflowId, usedMs, signal });
  /** An execution that takes `sliceMs` between two asks. */
  const compute = (sliceMs: number, slices: number, workflowId = 'one'): Computing => {
    const state: Computing = { slices: 0, usedMs: 0, startedMs: null, spans: [] };
    const run = async (): Promise<void> => {
      while (state.slices < slices) {
        const wait = turn(state.usedMs, forever(), workflowId);
        if (wait !== undefined) await wait;
        state.startedMs ??= loop.nowMs;
        const fromMs = loop.nowMs;
        loop.nowMs += sliceMs;
        state.spans.push([fromMs, loop.nowMs]);
        state.usedMs += sliceMs;
        state.slices += 1;
      }
    };
    void run();
    return state;
  };
  return { loop, turn, compute };
}

describe('turns', () => {
  it('an execution that is alone goes on at once, and the loop turns between its slices', async () => {
    const { loop, compute } = stage();
    const one = compute(60, 3);
    expect(one.slices).toBe(1);
    for (let turns = 0; turns < 10; turns += 1) await loop.turn();
    expect(one.slices).toBe(3);
  });

  it('no turn of the loop holds two long slices, however many start at once', async () => {
    const { loop, compute } = stage();
    const all = Array.from({ length: 40 }, () => compute(60, 5));
    expect(all.filter(({ slices }) => slices > 0)).toHaveLength(1);
    for (let turns = 0; turns < 1000; turns += 1) {
      const before = all.reduce((sum, { slices }) => sum + slices, 0);
      await loop.turn();
      expect(all.reduce((sum, { slices }) => sum + slices, 0) - before).toBeLessThanOrEqual(1);
    }
    expect(all.every(({ slices }) => slices === 5)).toBe(true);
  });

  it('short executions share a turn of the loop', () => {
    const { compute } = stage();
    const all = Array.from({ length: 100 }, () => compute(0.02, 1));
    expect(all.every(({ slices }) => slices === 1)).toBe(true);
  });

  it('a new execution waits for one slice of others at most', async () => {
    const { loop, compute } = stage();
    Array.from({ length: 50 }, () => compute(60, 1000));
    for (let turns = 0; turns < 300; turns += 1) await loop.turn();
    for (let round = 0; round < 20; round += 1) {
      const askedMs = loop.nowMs;
      const fresh = compute(1, 1, 'other');
      for (let turns = 0; turns < 4; turns += 1) await loop.turn();
      expect((fresh.startedMs ?? Infinity) - askedMs).toBeLessThanOrEqual(75);
      for (let turns = 0; turns < round; turns += 1) await loop.turn();
    }
  });

  it('one of another workflow does not wait for the first slices of many that begin at once', async () => {
    const { loop, compute } = stage();
    Array.from({ length: 40 }, () => compute(60, 1000));
    for (let round = 0; round < 10; round += 1) {
      await loop.turn();
      const askedMs = loop.nowMs;
      const fresh = compute(1, 1, 'other');
      for (let turns = 0; turns < 6; turns += 1) await loop.turn();
      // Its own turn may be the one in four that belongs to who has waited longest.
      expect((fresh.startedMs ?? Infinity) - askedMs).toBeLessThanOrEqual(150);
    }
  });

  it('a workflow with many short executions stays one of short executions', async () => {
    const { loop, compute } = stage();
    for (let round = 0; round < 200; round += 1) {
      const all = Array.from({ length: 20 }, () => compute(0.1, 1));
      expect(all.every(({ slices }) => slices === 1)).toBe(true);
      await loop.turn();
    }
  });

  it('executions that have used much still go on while new ones never cease', async () => {
    const { loop, compute } = stage();
    const heavy = Array.from({ length: 5 }, () => compute(60, 1000));
    for (let turns = 0; turns < 100; turns += 1) await loop.turn();
    const before = heavy.map(({ slices }) => slices);
    for (let turns = 0; turns < 200; turns += 1) {
      // Each takes the loop for itself, so that one more always waits.
      compute(60, 1);
      compute(60, 1);
      await loop.turn();
    }
    const gained = heavy.map(({ slices }, at) => slices - (before[at] ?? 0));
    expect(Math.min(...gained)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...gained) - Math.min(...gained)).toBeLessThanOrEqual(1);
  });

  it('the loop has a pause of a tenth between long slices, in which short ones go on', async () => {
    const { loop, compute } = stage();
    const heavy = [compute(60, 10), compute(60, 10)];
    for (let turns = 0; turns < 13; turns += 1) await loop.turn();
    const spans = heavy.flatMap(({ spans }) => spans).toSorted(([left], [right]) => left - right);
    expect(spans.length).toBeGreaterThan(4);
    const pauses = spans.slice(1).map(([fromMs], at) => fromMs - (spans[at]?.[1] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(6);
    // The loop has turned since a long slice and waits for the pause to be over.
    const fresh = compute(1, 1, 'other');
    expect(fresh.slices).toBe(1);
  });

  it('an execution that is told to stop waits no longer', async () => {
    const { loop, turn, compute } = stage();
    compute(60, 1000);
    for (let turns = 0; turns < 5; turns += 1) await loop.turn();
    const controller = new AbortController();
    const waits = Array.from({ length: 30 }, () => turn(5000, forever()));
    const stopping = turn(5000, controller.signal);
    expect(waits[0]).toBeInstanceOf(Promise);
    controller.abort();
    await stopping;
    expect(turn(5000, controller.signal)).toBeUndefined();
    let others = 0;
    for (const wait of waits) void wait?.then(() => (others += 1));
    await loop.turn();
    await loop.turn();
    expect(others).toBeLessThanOrEqual(2);
  });

  it('gives the real event loop a turn between slices', async () => {
    const turn = createTurns();
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const turnsBetween: number[] = [];
    for (let slice = 0; slice < 5; slice += 1) {
      const before = turns;
      const wait = turn({ workflowId: 'one', usedMs: 1000 + slice, signal: forever() });
      if (wait !== undefined) await wait;
      turnsBetween.push(turns - before);
    }
    counting = false;
    expect(Math.min(...turnsBetween.slice(1))).toBeGreaterThan(0);
  });
});
