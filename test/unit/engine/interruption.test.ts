import { describe, expect, test } from 'vitest';
import type { Interruption, Progress } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, output, run } from '../../support/engine-run.ts';

const copy = (progress: Progress) => JSON.parse(JSON.stringify(progress)) as Progress;
const pure = (count: number) =>
  `do:\n${Array.from({ length: count }, (_, i) => `  - t${i}: { set: '\${ . + 1 }' }`).join('\n')}`;
const twoCalls = `do: [{ a: { call: fake } }, { b: { call: fake } }]`;

describe('time slices', () => {
  test('pure tasks run without giving up the event loop while the slice lasts', async () => {
    const { ports, outcome } = await run(pure(50));
    expect(outcome).toEqual({ kind: 'succeeded', output: 50 });
    expect(ports.moments).toEqual([]);
  });

  test('the event loop gets a turn between tasks at least every 10 ms', async () => {
    const ports = new FakePorts();
    ports.monotonicStepMs = 4;
    await run(pure(30), { ports });
    expect(ports.moments.length).toBeGreaterThanOrEqual(10);
    expect(ports.moments.length, 'and a new slice begins with it').toBeLessThanOrEqual(15);
  });

  test('also inside loops, with and without tasks', async () => {
    for (const body of ['[]', `[{ a: { set: { x: 1 } } }]`]) {
      const ports = new FakePorts();
      ports.monotonicStepMs = 4;
      await run(`do: [{ l: { for: { in: '[range(30)]' }, do: ${body} } }]`, { ports });
      expect(ports.moments.length).toBeGreaterThanOrEqual(10);
    }
  });

  test('a run of pure tasks records nothing', async () => {
    const { ports } = await run(`
      do:
        - l: { for: { in: '[1, 2]' }, do: [{ s: { set: { a: 1 } } }] }
        - t: { try: [{ r: { raise: { error: { type: https://example.com, status: 400 } } } }], catch: {} }
      `);
    expect(ports.moments).toEqual([]);
  });
});

describe('interruption', () => {
  test.each(['cancelled', 'lost', 'shutdown', 'suspended'] as Interruption[])(
    'by %s is seen at a yield; the run goes on from there',
    async (reason) => {
      const ports = new FakePorts();
      ports.monotonicStepMs = 4;
      ports.onMoment = () => {
        if (ports.moments.length === 3) ports.interrupt(reason);
      };
      const { outcome, progress } = await run(pure(30), { ports });
      expect(outcome).toEqual({ kind: 'interrupted', reason });
      const before = ports.story.length / 2;
      expect(before).toBeGreaterThan(3);
      expect(before).toBeLessThan(30);
      const later = new FakePorts();
      expect(await output(pure(30), { ports: later, progress: copy(progress) })).toBe(30);
      expect(later.story.length / 2).toBe(30 - before);
    },
  );

  test('before the start starts nothing', async () => {
    const ports = new FakePorts();
    ports.interrupt('cancelled');
    const { outcome } = await run(twoCalls, { ports });
    expect(outcome).toEqual({ kind: 'interrupted', reason: 'cancelled' });
    expect(ports.story).toEqual([]);
  });

  test('seen while the record before it is written keeps a side effect from starting', async () => {
    const ports = new FakePorts();
    ports.onMoment = (moment) => {
      if (moment === 'recorded' && ports.moments.length > 1) ports.interrupt('cancelled');
    };
    const { outcome, executed } = await run(twoCalls, { ports });
    expect(outcome.kind).toBe('interrupted');
    expect(executed).toHaveLength(1);
  });

  test('during a side effect that goes through records its result, and starts no other', async () => {
    const ports = new FakePorts();
    const first = await run(twoCalls, {
      ports,
      effect: ({ name }) => {
        ports.interrupt('shutdown');
        return name;
      },
    });
    expect(first.outcome).toEqual({ kind: 'interrupted', reason: 'shutdown' });
    expect(ports.moments).toEqual(['recorded', 'effect', 'record']);
    const second = await run(twoCalls, { progress: copy(first.progress), effect: ({ name }) => name });
    expect(second.outcome).toEqual({ kind: 'succeeded', output: 'b' });
    expect(second.executed).toHaveLength(1);
  });

  test('that aborts a side effect is no error of the workflow: no try sees it, and the effect runs again', async () => {
    const text = `do: [{ t: { try: [{ a: { call: fake } }], catch: { do: [{ h: { set: { caught: true } } }] } } }]`;
    const ports = new FakePorts();
    const first = await run(text, {
      ports,
      effect: ({ frame }) => {
        ports.interrupt('cancelled', true);
        throw frame.fail('communication', 'aborted');
      },
    });
    expect(first.outcome).toEqual({ kind: 'interrupted', reason: 'cancelled' });
    expect(ports.story).not.toContain('task_faulted /do/0/t/try/0/a');
    const second = await run(text, { progress: copy(first.progress), effect: () => 'again' });
    expect(second.outcome).toEqual({ kind: 'succeeded', output: 'again' });
    expect(second.ports.story).toEqual(['task_completed /do/0/t/try/0/a', 'task_completed /do/0/t']);
  });

  test('a port that fails without an interruption rejects', async () => {
    const ports = new FakePorts();
    ports.onMoment = (moment) => {
      if (moment === 'recorded') throw new Error('the database is gone');
    };
    await expect(run(twoCalls, { ports })).rejects.toThrow('the database is gone');
  });
});

describe('MAX_RUN_STEPS', () => {
  const text = `do: [{ a: { set: '\${ . + 1 }' } }, { b: { do: [{ c: { set: '\${ . + 1 }' } }] } }]`;

  test('counts every task that starts; the run may start exactly that many', async () => {
    expect(await output(text, { limits: { maxSteps: 3 } })).toBe(2);
    const { error, retryable } = await failure(text, { limits: { maxSteps: 2 } });
    expect(error).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime',
      status: 500,
      instance: '/do/1/b/do/0/c',
      detail: expect.stringContaining('MAX_RUN_STEPS'),
    });
    expect(retryable).toBe(false);
  });

  test('stops a loop made by then, also one of skipped tasks', async () => {
    for (const task of [`{ set: { x: 1 }, then: a }`, `{ switch: [{ x: { then: a } }] }`]) {
      const { error } = await failure(`do: [{ a: ${task} }, { b: { if: 'false', set: { x: 1 } } }]`);
      expect(error.status).toBe(500);
    }
  });

  test('counts over all attempts of the run, but not what is only taken up again', async () => {
    const calls = `do: [{ a: { set: '\${ 1 }' } }, { w: { wait: PT5S } }, { b: { set: '\${ 2 }' } }]`;
    const first = await run(calls);
    expect(first.progress.steps).toBe(2);
    first.ports.clockMs += 5000;
    const second = await run(calls, { ports: first.ports, progress: copy(first.progress) });
    expect(second.progress.steps).toBe(3);
  });
});
