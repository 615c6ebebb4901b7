import { describe, expect, test } from 'vitest';
import { run, RUN_ID } from '../../support/engine-run.ts';

/** The keys of all effects, without the run id. */
async function keys(text: string, input: null | unknown[] = null): Promise<string[]> {
  const { executed } = await run(text, { input: input as never });
  return executed.map((key) => {
    expect(key.startsWith(`${RUN_ID}/`)).toBe(true);
    expect(key).toMatch(/^[!-~]+$/);
    return key.slice(RUN_ID.length);
  });
}

describe('the idempotency key of a step', () => {
  test('is the run and the pointer of the task', async () => {
    expect(await keys(`do: [{ a: { call: fake } }, { o: { do: [{ b: { call: fake } }] } }]`)).toEqual([
      '/do/0/a',
      '/do/1/o/do/0/b',
    ]);
  });

  test('carries the index of every loop around', async () => {
    const text = `
      do:
        - x: { set: { a: 1 } }
        - loop:
            for: { in: '[1, 2]' }
            do:
              - inner: { for: { in: '[1, 2]', each: y, at: j }, do: [{ pay: { call: fake } }] }
              - ship: { call: fake }`;
    expect(await keys(text)).toEqual([
      '/do/1/loop[0]/do/0/inner[0]/do/0/pay',
      '/do/1/loop[0]/do/0/inner[1]/do/0/pay',
      '/do/1/loop[0]/do/1/ship',
      '/do/1/loop[1]/do/0/inner[0]/do/0/pay',
      '/do/1/loop[1]/do/0/inner[1]/do/0/pay',
      '/do/1/loop[1]/do/1/ship',
    ]);
  });

  test('carries the number of a visit from the second on, of the task and of what is around it', async () => {
    const text = `
      do:
        - a: { call: fake, with: '\${ . + [1] }' }
        - o: { for: { in: '[1]' }, do: [{ b: { call: fake, with: '\${ . }' } }] }
        - again: { switch: [{ more: { when: 'length < 3', then: a } }] }
        - z: { call: fake }`;
    expect(await keys(text, [])).toEqual([
      '/do/0/a',
      '/do/1/o[0]/do/0/b',
      '/do/0/a;2',
      '/do/1/o;2[0]/do/0/b',
      '/do/0/a;3',
      '/do/1/o;3[0]/do/0/b',
      '/do/3/z',
    ]);
  });

  test('counts only real visits when tasks are left out by jumps', async () => {
    const text = `
      do:
        - a: { call: fake, with: '\${ . + [1] }', then: c }
        - b: { call: fake, with: '\${ . }' }
        - c: { call: fake, with: '\${ . }' }
        - back: { switch: [{ first: { when: '$task.idempotencyKey | endswith("back")', then: b } }] }
        - over: { switch: [{ more: { when: 'length < 2', then: a } }] }`;
    expect(await keys(text, [])).toEqual([
      '/do/0/a',
      '/do/2/c',
      '/do/1/b',
      '/do/2/c;2',
      '/do/0/a;2',
      '/do/2/c;3',
    ]);
  });

  test('counts the visits of a task that goes back to itself', async () => {
    const text = `do: [{ a: { if: 'length < 3', call: fake, with: '\${ . + [1] }', then: a } }]`;
    expect(await keys(text, [])).toEqual(['/do/0/a', '/do/0/a;2', '/do/0/a;3']);
  });

  test('is the same in every attempt', async () => {
    const text = `do: [{ t: { try: [{ a: { call: fake } }], catch: { retry: { limit: { attempt: { count: 2 } } } } } }]`;
    const { executed } = await run(text, {
      effect: ({ frame }) => {
        throw frame.fail('communication', 'no');
      },
    });
    expect(executed).toEqual(Array(3).fill(`${RUN_ID}/do/0/t/try/0/a`));
  });

  test('is ASCII and unambiguous whatever the names are', async () => {
    expect(await keys(`do: [{ 'a/b~[0];2 é%': { call: fake } }]`)).toEqual([
      '/do/0/a~1b~0%5B0%5D%3B2%20%C3%A9%25',
    ]);
    expect(
      await keys(JSON.stringify({ do: [{ x: { call: 'fake' } }] }).replace('"x"', '"\\ud800"')),
    ).toHaveLength(1);
  });

  test('is what expressions read as $task.idempotencyKey', async () => {
    const { executed, outcome } = await run(
      `do: [{ l: { for: { in: '[1]' }, do: [{ a: { call: fake, with: '\${ $task.idempotencyKey }' } }] } }]`,
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: executed[0] });
  });
});
