import { describe, expect, test } from 'vitest';
import type { Progress } from '../../../lib/engine/types.ts';
import { failure, run, type FakeCall } from '../../support/engine-run.ts';

const copy = (progress: Progress) => JSON.parse(JSON.stringify(progress)) as Progress;
const fail = ({ frame }: FakeCall, status = 503): never => {
  throw frame.fail('communication', 'no', { status });
};

/** Two executions: the effect named `bad` fails in the first. */
async function twice(text: string) {
  const executed: string[] = [];
  const effect = (call: FakeCall) => (call.name === 'bad' ? fail(call) : call.argument);
  const first = await run(text, { input: [], executed, effect });
  const atFirst = executed.length;
  const second = await run(text, {
    input: [],
    executed,
    progress: copy(first.progress),
    effect: (call) => call.argument,
  });
  return { first, second, firstKeys: executed.slice(0, atFirst), secondKeys: executed.slice(atFirst) };
}
const names = (keys: string[]) => keys.map((key) => key.split('/').at(-1));
const call = (name: string) => `${name}: { call: fake, with: '\${ . + ["${name}"] }' }`;

describe('an uncaught retryable error ends the attempt, and the next one', () => {
  test('restarts the failed task and keeps what was recorded before', async () => {
    const { first, second, secondKeys, firstKeys } = await twice(
      `do: [{ ${call('a')} }, { ${call('bad')} }, { ${call('c')} }]`,
    );
    expect(first.outcome).toMatchObject({ kind: 'failed', retryable: true });
    expect(second.outcome).toEqual({ kind: 'succeeded', output: ['a', 'bad', 'c'] });
    expect(names(secondKeys)).toEqual(['bad', 'c']);
    expect(secondKeys[0]).toBe(firstKeys[1]);
  });

  test('evaluates the failed task from its if and input.from on', async () => {
    const text = `do: [{ bad: { input: { from: '[now]' }, call: fake, with: '\${ . }' } }]`;
    const { first, second } = await twice(text);
    expect(first.progress.root).toEqual({ at: 0, data: [] });
    expect(second.outcome.kind).toBe('succeeded');
    expect(second.ports.story[0]).toBe('task_started /do/0/bad');
  });

  test('keeps the position inside loops, and the siblings in a try', async () => {
    const { second, secondKeys } = await twice(`
      do:
        - loop:
            for: { in: '[1, 2]' }
            do:
              - t: { try: [{ ${call('a')} }, { ${call('bad')} }], catch: { errors: { with: { status: 404 } } } }
      `);
    expect(second.outcome).toMatchObject({ kind: 'succeeded', output: ['a', 'bad', 'a', 'bad'] });
    expect(names(secondKeys)).toEqual(['bad', 'a', 'bad']);
  });

  test('counts the retries of every try around from the start', async () => {
    const inner = `{ inner: { try: [{ ${call('bad')} }], catch: { retry: { limit: { attempt: { count: 2 } } } } } }`;
    const text = `do: [{ outer: { try: [{ ${call('a')} }, ${inner}], catch: { retry: { limit: { attempt: { count: 1 } } } } } }]`;
    const executed: string[] = [];
    const effect = (call: FakeCall) => (call.name === 'bad' ? fail(call) : call.argument);
    const first = await run(text, { input: [], executed, effect });
    expect(names(executed)).toEqual(['a', 'bad', 'bad', 'bad', 'a', 'bad', 'bad', 'bad']);
    executed.length = 0;
    const second = await run(text, { input: [], executed, effect, progress: copy(first.progress) });
    expect(names(executed)).toEqual(['bad', 'bad', 'bad', 'a', 'bad', 'bad', 'bad']);
    expect(second.outcome).toMatchObject({ kind: 'failed', retryable: true });
  });

  test('measures limit.duration from its own first attempt', async () => {
    const retry = '{ delay: PT1S, limit: { duration: PT10S } }';
    const text = `do: [{ t: { try: [{ bad: { call: fake } }], catch: { when: .status == 503, retry: ${retry} } } }]`;
    const first = await run(text, { effect: (call) => fail(call, 500) });
    expect(first.outcome).toMatchObject({ kind: 'failed', retryable: true });
    first.ports.clockMs += 3_600_000;
    const second = await run(text, {
      ports: first.ports,
      progress: copy(first.progress),
      effect: (call) => (call.earlier === 0 ? fail(call) : 'done'),
    });
    expect(second.outcome).toEqual({ kind: 'succeeded', output: 'done' });
  });

  test('goes on inside catch.do, with the error still bound', async () => {
    const text = `
      do:
        - t:
            try: [{ r: { raise: { error: { type: https://example.com/x, status: 418 } } } }]
            catch:
              do:
                - ${call('a')}
                - bad: { call: fake, with: '\${ . + [$error.status] }' }`;
    const { second, secondKeys } = await twice(text);
    expect(second.outcome).toEqual({ kind: 'succeeded', output: ['a', 418] });
    expect(names(secondKeys)).toEqual(['bad']);
  });

  test('tells in the timeline that the composites around started again', async () => {
    const { second } = await twice(`do: [{ o: { do: [{ ${call('a')} }, { ${call('bad')} }] } }]`);
    expect(second.ports.story).toEqual([
      'task_started /do/0/o',
      'task_started /do/0/o/do/1/bad',
      'task_completed /do/0/o/do/1/bad',
      'task_completed /do/0/o',
    ]);
  });

  test('keeps a recorded result when only output.as failed', async () => {
    const text = (as: string) => `do: [{ a: { call: fake, with: '\${ . }', output: { as: '${as}' } } }]`;
    const first = await run(text('error("x")'), { input: [1] });
    expect(first.outcome).toMatchObject({ kind: 'failed', retryable: false });
    const second = await run(text('.'), { input: [1], progress: copy(first.progress) });
    expect(second.outcome).toEqual({ kind: 'succeeded', output: [1] });
    expect(second.executed).toEqual([]);
  });
});

describe('not retryable', () => {
  test.each([400, 404, 422])('is a call that failed with %d', async (status) => {
    const { retryable } = await failure(`do: [{ bad: { call: fake } }]`, {
      effect: (call) => fail(call, status),
    });
    expect(retryable).toBe(false);
  });
});
