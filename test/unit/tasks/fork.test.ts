import { describe, expect, test } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { failure, output, run, runToEnd, type FakeCall } from '../../support/engine-run.ts';

/** Resolves when told to, or rejects when the call's bounds end. */
function gate({ frame }: FakeCall, cut: string[]): { promise: Promise<Json>; open(value: Json): void } {
  let open!: (value: Json) => void;
  const promise = new Promise<Json>((resolve, reject) => {
    open = resolve;
    frame.bounds.signal.addEventListener('abort', () => {
      cut.push(frame.task.name);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
  return { promise, open };
}

const raise = (status = 400) => `{ raise: { error: { type: https://example.com/e, status: ${status} } } }`;

describe('a fork', () => {
  test('gives the outputs of its branches in the order of declaration, whoever ends first', async () => {
    const ended: string[] = [];
    const gates = new Map<string, (value: Json) => void>();
    const result = output(
      `do: [{ f: { fork: { branches: [{ a: { call: fake, with: 1 } }, { b: { call: fake, with: 2 } }] } } }]`,
      {
        async effect(call) {
          const { promise, open } = gate(call, []);
          gates.set(call.name, open);
          if (gates.size === 2) gates.get('b')?.('second');
          const value = await promise;
          ended.push(call.name);
          gates.get('a')?.('first');
          return value;
        },
      },
    );
    expect(await result).toEqual(['first', 'second']);
    expect(ended).toEqual(['b', 'a']);
  });

  test('gives every branch its own input and $context, and drops what they export', async () => {
    expect(
      await output(`
        do:
          - begin: { set: { n: 1 }, export: { as: '{ from: "before" }' } }
          - f:
              fork:
                branches:
                  - a: { do: [{ x: { set: { y: '\${ .n + 1 }' }, export: { as: '{ from: "a" }' } } }, { z: { set: '\${ $context.from }' } }] }
                  - b: { set: '\${ [.n, $context.from] }' }
          - after: { set: '\${ { branches: ., context: $context.from } }' }
        `),
    ).toEqual({ branches: ['a', [1, 'before']], context: 'before' });
  });

  test('without branches that wait holds nothing; with one that waits the others run first', async () => {
    const ports = new FakePorts();
    const ran = await runToEnd(
      `
      do:
        - f:
            fork:
              branches:
                - slow: { do: [{ w: { wait: { minutes: 5 } } }, { x: { set: { slow: true } } }] }
                - quick: { do: [{ c: { call: fake, with: 1 } }, { d: { call: fake, with: 2 } }] }
      `,
      { ports },
    );
    expect(ran.outcome).toEqual({ kind: 'succeeded', output: [{ slow: true }, 2] });
    expect(ran.executed).toHaveLength(2);
  });

  test('is parked until the first of its branches is due, and each goes on by itself', async () => {
    const text = `
      do:
        - f:
            fork:
              branches:
                - a: { do: [{ w: { wait: { minutes: 5 } } }, { x: { call: fake, with: a } }] }
                - b: { do: [{ w: { wait: { minutes: 2 } } }, { x: { call: fake, with: b } }] }
      `;
    const ports = new FakePorts();
    const first = await run(text, { ports });
    expect(first.outcome).toEqual({ kind: 'parked', untilMs: ports.clockMs + 120_000 });
    ports.clockMs += 120_000;
    const second = await run(text, { ports, progress: first.progress });
    expect(second.outcome).toEqual({ kind: 'parked', untilMs: ports.clockMs + 180_000 });
    expect(second.executed).toHaveLength(1);
    ports.clockMs += 180_000;
    const third = await run(text, { ports, progress: second.progress });
    expect(third.outcome).toEqual({ kind: 'succeeded', output: ['a', 'b'] });
  });

  test("the first error cuts the other branches off, aborts their calls and is the fork's", async () => {
    const cut: string[] = [];
    const ports = new FakePorts();
    const { error } = await failure(
      `do: [{ f: { fork: { branches: [{ hangs: { call: fake } }, { fails: { do: [{ w: { wait: { milliseconds: 5 } } }, { r: ${raise(418)} }] } }, { never: { do: [{ c: { call: fake } }, { d: { call: fake } }] } }] } } }]`,
      { ports, effect: async (call) => gate(call, cut).promise },
    );
    expect(error).toMatchObject({ status: 418, instance: '/do/0/f/fork/branches/1/fails/do/1/r' });
    expect(cut.sort()).toEqual(['c', 'hangs']);
    expect(ports.story).toContain('task_cancelled /do/0/f/fork/branches/0/hangs');
    expect(ports.story).toContain('task_faulted /do/0/f');
    expect(ports.story.some((line) => line.endsWith('/d'))).toBe(false);
  });

  test('an error in a branch can be caught around the fork', async () => {
    expect(
      await output(`
        do:
          - t:
              try: [{ f: { fork: { branches: [{ a: { set: { x: 1 } } }, { b: ${raise(409)} }] } } }]
              catch: { do: [{ s: { set: '\${ $error.status }' } }] }
        `),
    ).toBe(409);
  });

  test('end in a branch ends the run; exit ends the branch', async () => {
    const cut: string[] = [];
    expect(
      await output(
        `do: [{ f: { fork: { branches: [{ a: { call: fake } }, { b: { set: { stop: true }, then: end } }] } } }, { n: { set: { not: reached } } }]`,
        { effect: async (call) => gate(call, cut).promise },
      ),
    ).toEqual({ stop: true });
    expect(cut).toEqual(['a']);
    expect(
      await output(
        `do: [{ f: { fork: { branches: [{ a: { set: { n: 1 }, then: exit } }, { b: { do: [{ x: { set: { n: 2 }, then: exit } }, { y: { set: { n: 3 } } }] } }] } } }]`,
      ),
    ).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('of a thousand branches is no problem', async () => {
    const branches = Array.from({ length: 1000 }, (_, i) => `{ b${i}: { call: fake, with: ${i} } }`).join();
    const result = await output(`do: [{ f: { fork: { branches: [${branches}] } } }]`, {
      limits: { maxSteps: 5000 },
    });
    expect(result).toHaveLength(1000);
    expect((result as number[])[999]).toBe(999);
  });
});

describe('a competition', () => {
  test('is won by the first to succeed; the others are cut off and its context is kept', async () => {
    const cut: string[] = [];
    const ports = new FakePorts();
    const workflow = `
      do:
        - f:
            fork:
              compete: true
              branches:
                - loses: { call: fake }
                - fails: ${raise()}
                - wins: { do: [{ w: { wait: { milliseconds: 20 } } }, { s: { set: { winner: true }, export: { as: '{ by: "wins" }' } } }] }
        - after: { set: '\${ { output: ., context: $context } }' }
      `;
    expect(await output(workflow, { ports, effect: async (call) => gate(call, cut).promise })).toEqual({
      output: { winner: true },
      context: { by: 'wins' },
    });
    expect(cut).toEqual(['loses']);
    expect(ports.story).toContain('task_cancelled /do/0/f/fork/branches/0/loses');
  });

  test('that all lose fails with the last error', async () => {
    const { error } = await failure(
      `do: [{ f: { fork: { compete: true, branches: [{ a: ${raise(400)} }, { b: { do: [{ w: { wait: { milliseconds: 5 } } }, { r: ${raise(410)} }] } }] } } }]`,
    );
    expect(error.status).toBe(410);
  });

  test('has one winner although two succeed in the same turn: the one declared first', async () => {
    expect(
      await output(
        `do: [{ f: { fork: { compete: true, branches: [{ a: { set: { n: 1 } } }, { b: { set: { n: 2 } } }] } } }]`,
      ),
    ).toEqual({ n: 1 });
  });
});

describe('a fork that is killed at any moment', () => {
  test('ends as if it was not: recorded calls do not run again', async () => {
    await expectSameFromEveryMoment(`
      do:
        - f:
            fork:
              branches:
                - a: { do: [{ one: { call: fake, with: 1 } }, { w: { wait: { seconds: 30 } } }, { two: { call: fake, with: 2 } }] }
                - b: { do: [{ w: { wait: { seconds: 90 } } }, { three: { call: fake, with: 3 } }] }
        - last: { call: fake, with: '\${ . }' }
      `);
  });

  test('keeps the failure of a branch while the others compete', async () => {
    const { outcome, ports } = await runToEnd(`
      do:
        - f:
            fork:
              compete: true
              branches:
                - a: ${raise()}
                - b: { do: [{ w: { wait: { seconds: 30 } } }, { c: { call: fake, with: 3 } }] }
      `);
    expect(outcome).toEqual({ kind: 'succeeded', output: 3 });
    expect(ports.story.filter((line) => line.endsWith('/a'))).toEqual([
      'task_started /do/0/f/fork/branches/0/a',
      'task_faulted /do/0/f/fork/branches/0/a',
    ]);
  });
});
