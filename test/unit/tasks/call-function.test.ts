import { describe, expect, test } from 'vitest';
import { expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { failure, output, run } from '../../support/engine-run.ts';

describe('a call of a function', () => {
  test('gives the function its arguments as input, and the caller its output', async () => {
    expect(
      await output(
        `
        use: { functions: { add: { set: '\${ .a + .b }', output: { as: '{ sum: . }' } } } }
        do: [{ c: { call: add, with: { a: '\${ .x }', b: 2 } } }]
        `,
        { input: { x: 40 } },
      ),
    ).toEqual({ sum: 42 });
  });

  test("without arguments gives it the caller's input", async () => {
    expect(
      await output(`{ use: { functions: { id: { set: '\${ . }' } } }, do: [{ c: { call: id } }] }`, {
        input: 7,
      }),
    ).toBe(7);
  });

  test('has a scope of its own: no loop variable, the context to read and not to change', async () => {
    const text = (expression: string) => `
      use: { functions: { f: { set: '\${ ${expression} }', export: { as: '"changed"' } } } }
      do:
        - s: { set: { x: 1 }, export: { as: '"mine"' } }
        - l: { for: { in: '[1]' }, do: [{ c: { call: f, with: {} } }] }
        - e: { set: '\${ [., $context] }' }
      `;
    expect(await output(text('$context'))).toEqual(['mine', 'mine']);
    await expect(output(text('$item'))).rejects.toThrow(/\$item/);
    expect(
      await output(`
        use: { functions: { f: { set: '\${ $runtime.name }' } } }
        do: [{ l: { for: { each: runtime, in: '[{ "name": "mine" }]' }, do: [{ c: { call: f } }] } }]
        `),
    ).toBe('vespid');
  });

  test("an error inside has the function's pointer and is caught around the call", async () => {
    const raise = `{ raise: { error: { type: https://example.com/e, status: 422 } } }`;
    const { error } = await failure(`{ use: { functions: { f: ${raise} } }, do: [{ c: { call: f } }] }`);
    expect(error).toMatchObject({ status: 422, instance: '/use/functions/f' });
    expect(
      await output(
        `{ use: { functions: { f: ${raise} } }, do: [{ t: { try: [{ c: { call: f } }], catch: { do: [{ s: { set: { caught: true } } }] } } }] }`,
      ),
    ).toEqual({ caught: true });
  });

  test('calls made inside have keys of their own for each call', async () => {
    const { executed } = await run(
      `{ use: { functions: { f: { call: fake } } }, do: [{ a: { call: f } }, { b: { call: f } }] }`,
    );
    expect(new Set(executed).size).toBe(2);
    expect(executed[0]).toMatch(/\/do\/0\/a\/use\/functions\/f$/);
  });

  test('may call another, and itself; a recursion without end is stopped and no try catches it', async () => {
    expect(
      await output(`
        use:
          functions:
            outer: { call: inner, with: { n: '\${ .n + 1 }' } }
            inner: { set: '\${ .n * 2 }' }
            down: { do: [{ s: { switch: [{ done: { when: .n == 0, then: exit } }, { more: { then: go } }] } }, { go: { call: down, with: { n: '\${ .n - 1 }' } } }] }
        do: [{ a: { call: outer, with: { n: 1 } } }, { b: { call: down, with: { n: 5 } } }]
        `),
    ).toEqual({ n: 0 });
    const { error } = await failure(
      `{ use: { functions: { f: { do: [{ t: { try: [{ c: { call: f } }], catch: {} } }] } } }, do: [{ a: { call: f } }] }`,
    );
    expect(error.detail).toContain('nested deeper than 25');
  });

  test('ends as if it was not killed at any moment', async () => {
    await expectSameFromEveryMoment(`
      use: { functions: { f: { do: [{ a: { call: fake, with: 1 } }, { w: { wait: { seconds: 20 } } }, { b: { call: fake, with: '\${ . + 1 }' } }] } } }
      do: [{ one: { call: f } }, { two: { call: f, output: { as: '. + 1' } } }]
      `);
  });
});
