import { describe, expect, test } from 'vitest';
import type { Progress } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, output, run, runToEnd, type FakeCall } from '../../support/engine-run.ts';

const unavailable = ({ frame, earlier }: FakeCall): never => {
  throw frame.fail('communication', `failure ${earlier + 1}`, { status: 503 });
};
const failing = (times: number) => (call: FakeCall) => (call.earlier < times ? unavailable(call) : 'done');
const guarded = (retry: string, rest = '') => `
  do: [{ guarded: { try: [{ work: { call: fake } }], catch: { retry: ${retry}${rest} } } }]`;
const times = (count: number) => `{ limit: { attempt: { count: ${count} } } }`;

/** The delays between the executions of the effect, in milliseconds. */
async function delays(policy: string, failures: number, randomValue = 0.5): Promise<number[]> {
  const ports = new FakePorts();
  ports.randomValue = randomValue;
  const at: number[] = [];
  const effect = failing(failures);
  await runToEnd(guarded(policy), {
    ports,
    effect: (call) => {
      at.push(ports.clockMs);
      return effect(call);
    },
  });
  return at.slice(1).map((time, index) => time - (at[index] ?? 0));
}

describe('how often', () => {
  test('count is the number of retries: 5 retries are 6 executions', async () => {
    const { outcome, executed } = await run(guarded(times(5)), { effect: failing(99) });
    expect(executed).toHaveLength(6);
    expect(outcome).toMatchObject({ kind: 'failed', error: { detail: 'failure 6', status: 503 } });
  });

  test('it ends with the first success', async () => {
    const { outcome, executed } = await run(guarded(times(5)), { effect: failing(2) });
    expect(outcome).toEqual({ kind: 'succeeded', output: 'done' });
    expect(executed).toHaveLength(3);
  });

  test('without any limit it is 20 times; with a time limit as long as that lasts', async () => {
    const { executed } = await run(guarded('{}'), { effect: failing(99) });
    expect(executed).toHaveLength(21);
    const timed = await runToEnd(guarded('{ delay: PT1S, limit: { duration: PT30S } }'), {
      effect: failing(99),
    });
    expect(timed.executed).toHaveLength(30);
  });

  test('count 0 is no retry', async () => {
    expect((await run(guarded(times(0)), { effect: failing(99) })).executed).toHaveLength(1);
  });

  test('when and exceptWhen of the policy are asked with the error; no means exhausted', async () => {
    const four = (rest: string) => guarded(`{ limit: { attempt: { count: 4 } }, ${rest} }`, ', as: e');
    const executions = async (rest: string) =>
      (await run(four(rest), { effect: failing(99) })).executed.length;
    expect(await executions(`when: .detail != "failure 2"`)).toBe(2);
    expect(await executions(`exceptWhen: $e.detail == "failure 3"`)).toBe(3);
    expect(await executions(`when: .status == 503`)).toBe(5);
  });

  test('a policy by name', async () => {
    const text = `use: { retries: { twice: ${times(2)} } }\n${guarded('twice').replace('\n  do', '\ndo')}`;
    expect((await run(text, { effect: failing(99) })).executed).toHaveLength(3);
  });

  test('an error that is not caught is not retried', async () => {
    const text = guarded(times(5), ', errors: { with: { status: 404 } }');
    expect((await run(text, { effect: failing(99) })).executed).toHaveLength(1);
  });

  test('an inner try counts from the start each time it is entered', async () => {
    const inner = `{ inner: { try: [{ work: { call: fake } }], catch: { retry: ${times(3)} } } }`;
    const text = `do: [{ outer: { try: [${inner}], catch: { retry: ${times(1)} } } }]`;
    expect((await run(text, { effect: failing(99) })).executed).toHaveLength(8);
  });

  test('each attempt begins anew on the try`s input, and keeps the keys', async () => {
    const seen: unknown[] = [];
    const text = `
      do:
        - t:
            try:
              - first: { call: fake, with: '\${ . + 1 }' }
              - second: { call: fake, with: '\${ . * 10 }' }
            catch: { retry: ${times(1)} }`;
    const { executed } = await run(text, {
      input: 1,
      effect: (call) => {
        seen.push(call.argument);
        return call.name === 'second' && call.earlier === 0 ? unavailable(call) : call.argument;
      },
    });
    expect(seen).toEqual([2, 20, 2, 20]);
    expect(executed[2]).toBe(executed[0]);
    expect(executed[3]).toBe(executed[1]);
  });
});

describe('when exhausted', () => {
  test('catch.do handles the last error, and did not run before', async () => {
    const text = guarded(times(2), `, do: [{ h: { set: '\${ $error.detail }' } }]`);
    const { outcome, ports } = await run(text, { effect: failing(99) });
    expect(outcome).toEqual({ kind: 'succeeded', output: 'failure 3' });
    expect(ports.story.filter((line) => line.includes('catch/do'))).toHaveLength(2);
  });

  test('catch.then handles it, and is not followed when a retry succeeds', async () => {
    const text = (effects: string) => `
      do:
        - t: { try: [{ work: { call: fake } }], catch: { retry: ${times(1)}, then: end } }
        - ${effects}: { set: { went: on } }`;
    expect(await output(text('after'), { input: 3, effect: failing(99) })).toBe(3);
    expect(await output(text('after'), { input: 3, effect: failing(1) })).toEqual({ went: 'on' });
  });

  test('without do and then the last error goes on unchanged', async () => {
    const { error, retryable } = await failure(guarded(times(1)), { effect: failing(99) });
    expect(error).toMatchObject({ status: 503, detail: 'failure 2', instance: '/do/0/guarded/try/0/work' });
    expect(retryable).toBe(true);
  });

  test('over limit.duration it is a timeout, or handled where something handles it', async () => {
    const policy = '{ delay: PT0.4S, limit: { duration: PT1S } }';
    const { error, retryable } = await failure(guarded(policy), { effect: failing(99) });
    expect(error).toMatchObject({
      type: expect.stringContaining('/timeout'),
      status: 408,
      instance: '/do/0/guarded',
      detail: expect.stringContaining('failure 3'),
    });
    expect(retryable).toBe(false);
    const handled = guarded(policy, `, do: [{ h: { set: '\${ $error.detail }' } }]`);
    expect(await output(handled, { effect: failing(99) })).toBe('failure 3');
  });

  test('the time limits are evaluated on the input of the try, before and after an error', async () => {
    const policy = `{ delay: PT0.4S, limit: { duration: '\${ .total }', attempt: { duration: '\${ .each }' } } }`;
    const input = { total: 'PT1S', each: { seconds: 1 } };
    const { error } = await failure(guarded(policy), { input, effect: failing(99) });
    expect(error).toMatchObject({ status: 408, detail: expect.stringContaining('failure 3') });
  });
});

describe('when the next attempt begins', () => {
  test('at once without a delay', async () => {
    expect(await delays('{}', 3)).toEqual([0, 0, 0]);
  });
  test('constant is the default backoff', async () => {
    expect(await delays('{ delay: PT3S }', 3)).toEqual([3000, 3000, 3000]);
    expect(await delays('{ delay: PT3S, backoff: { constant: {} } }', 2)).toEqual([3000, 3000]);
  });
  test('linear', async () => {
    expect(await delays('{ delay: PT3S, backoff: { linear: {} } }', 4)).toEqual([3000, 6000, 9000, 12_000]);
  });
  test('exponential', async () => {
    expect(await delays('{ delay: PT3S, backoff: { exponential: {} } }', 4)).toEqual([
      3000, 6000, 12_000, 24_000,
    ]);
  });
  test('grows to an hour at most, unless it is longer from the start', async () => {
    expect(await delays('{ delay: PT25M, backoff: { exponential: {} } }', 3)).toEqual([
      1_500_000, 3_000_000, 3_600_000,
    ]);
    expect(await delays('{ delay: PT2H, backoff: { linear: {} } }', 2)).toEqual([7_200_000, 7_200_000]);
  });
  test('jitter is added, uniformly between from and to', async () => {
    const policy = '{ delay: PT1S, jitter: { from: PT0.1S, to: PT0.5S } }';
    expect(await delays(policy, 1, 0)).toEqual([1100]);
    expect(await delays(policy, 1, 0.25)).toEqual([1200]);
    expect(await delays(policy, 1, 0.999999)).toEqual([1500]);
  });
  test('an expression sees the error', async () => {
    expect(await delays(`{ delay: '\${ { seconds: (.status - 500) } }' }`, 1)).toEqual([3000]);
  });
});

describe('while it waits', () => {
  test('a delay over a second gives the slot back and is taken up with the attempt number', async () => {
    const text = guarded('{ delay: PT5S, limit: { attempt: { count: 1 } } }');
    const ports = new FakePorts();
    const executed: string[] = [];
    const setup = { ports, executed, effect: failing(99) };
    const first = await run(text, setup);
    expect(first.outcome).toEqual({ kind: 'parked', untilMs: ports.clockMs + 5000 });
    expect(executed).toHaveLength(1);
    ports.clockMs += 5000;
    const progress = JSON.parse(JSON.stringify(first.progress)) as Progress;
    const second = await run(text, { ...setup, progress });
    expect(second.outcome).toMatchObject({ kind: 'failed', error: { detail: 'failure 2' } });
    expect(executed).toHaveLength(2);
  });

  test('the timeline tells the retries, with the attempt that begins and when', async () => {
    const { ports } = await runToEnd(guarded('{ delay: PT5S, limit: { attempt: { count: 1 } } }'), {
      effect: failing(1),
    });
    const work = '/do/0/guarded/try/0/work';
    expect(ports.entries.map(({ type, task, attempt, until }) => [type, task, attempt, until])).toEqual([
      ['task_started', '/do/0/guarded', undefined, undefined],
      ['task_started', work, undefined, undefined],
      ['task_faulted', work, undefined, undefined],
      ['task_retried', '/do/0/guarded', 2, '2026-01-01T00:00:05.000Z'],
      ['task_waiting', '/do/0/guarded', undefined, '2026-01-01T00:00:05.000Z'],
      ['task_started', work, 2, undefined],
      ['task_completed', work, 2, undefined],
      ['task_completed', '/do/0/guarded', undefined, undefined],
    ]);
  });
});
