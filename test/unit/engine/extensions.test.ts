import { describe, expect, test } from 'vitest';
import { expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { failure, output, run } from '../../support/engine-run.ts';

const extension = (text: string) => `use: { extensions: [{ x: { ${text} } }] }`;

describe('an extension', () => {
  test('runs before and after the tasks it extends; what it gives is dropped', async () => {
    const { outcome, executed } = await run(`
      ${extension(`extend: set, before: [{ b: { call: fake, with: before } }], after: [{ a: { call: fake, with: after } }]`)}
      do: [{ one: { set: { n: 1 } } }, { two: { do: [{ in: { set: '\${ .n + 1 }' } }] } }]
      `);
    expect(outcome).toEqual({ kind: 'succeeded', output: 2 });
    expect(executed.map((key) => key.replace(/^[^/]*/, ''))).toEqual([
      '/do/0/one/use/extensions/0/x/before/0/b',
      '/do/0/one/use/extensions/0/x/after/0/a',
      '/do/1/two/do/0/in/use/extensions/0/x/before/0/b',
      '/do/1/two/do/0/in/use/extensions/0/x/after/0/a',
    ]);
  });

  test('that ends with exit before the task takes its place, as a mock does', async () => {
    const { outcome, executed } = await run(`
      ${extension(`extend: call, when: '$task.definition.with.mock != null', before: [{ m: { if: '$task.definition.with.mock', set: '\${ { mocked: $task.name } }', then: exit } }]`)}
      do:
        - mocked: { call: fake, with: { mock: true }, output: { as: '{ was: .mocked }' }, export: { as: . } }
        - real: { call: fake, with: { context: '\${ $context }' } }
      `);
    expect(outcome).toEqual({ kind: 'succeeded', output: { context: { was: 'mocked' } } });
    expect(executed).toHaveLength(1);
  });

  test('sees the extended task as $task, its input before and its output after, and no loop variable', async () => {
    const seen: unknown[] = [];
    await output(
      `
      ${extension(`extend: set, before: [{ b: { call: fake, with: ['\${ $task.name }', '\${ . }', '\${ $task.output }'] } }], after: [{ a: { call: fake, with: ['\${ $task.reference }', '\${ . }', '\${ $task.output }'] } }]`)}
      do: [{ s: { set: '\${ .n + 1 }' } }]
      `,
      {
        input: { n: 1 },
        effect: ({ argument }) => {
          seen.push(argument);
          return null;
        },
      },
    );
    expect(seen).toEqual([
      ['s', { n: 1 }, null],
      ['/do/0/s', 2, 2],
    ]);
  });

  test('extends by kind: all, composite, or one; its own tasks are not extended', async () => {
    const count = async (extend: string) => {
      const { executed } = await run(`
        ${extension(`extend: ${extend}, before: [{ b: { call: fake, with: 1 } }]`)}
        do:
          - s: { set: { x: 1 } }
          - d: { do: [{ s: { set: { x: 1 } } }] }
          - f: { fork: { branches: [{ s: { set: { x: 1 } } }] } }
        `);
      return executed.length;
    };
    expect(await count('all')).toBe(5);
    expect(await count('composite')).toBe(2);
    expect(await count('set')).toBe(3);
    expect(await count('call')).toBe(0);
  });

  test('several apply in the order of declaration, before and after alike', async () => {
    const { executed } = await run(`
      use:
        extensions:
          - a: { extend: all, before: [{ x: { call: fake } }], after: [{ y: { call: fake } }] }
          - b: { extend: set, before: [{ x: { call: fake } }], after: [{ y: { call: fake } }] }
      do: [{ s: { set: { n: 1 } } }]
      `);
    expect(executed.map((key) => /extensions\/\d\/(.*)$/.exec(key)?.[1])).toEqual([
      'a/before/0/x',
      'b/before/0/x',
      'a/after/0/y',
      'b/after/0/y',
    ]);
  });

  test('that fails fails the extended task, with its own pointer', async () => {
    const { error } = await failure(`
      ${extension(`extend: set, after: [{ r: { raise: { error: { type: https://example.com/e, status: 400 } } } }]`)}
      do: [{ t: { try: [{ s: { set: { x: 1 } } }], catch: { errors: { with: { status: 404 } } } } }]
      `);
    expect(error.instance).toBe('/use/extensions/0/x/after/0/r');
  });

  test('a skipped task is not extended; then and timeouts of the task hold around its extensions', async () => {
    const { outcome, executed } = await run(`
      ${extension(`extend: set, before: [{ b: { call: fake, with: 1 } }]`)}
      do:
        - skipped: { if: 'false', set: { x: 1 } }
        - goes: { set: { x: 2 }, then: last }
        - over: { set: { x: 3 } }
        - last: { do: [] }
      `);
    expect(outcome).toEqual({ kind: 'succeeded', output: { x: 2 } });
    expect(executed).toHaveLength(1);
  });

  test('is taken up where it was when the process dies', async () => {
    await expectSameFromEveryMoment(`
      ${extension(`extend: call, before: [{ b: { set: { logged: true } } }, { w: { wait: { seconds: 30 } } }], after: [{ a: { wait: { seconds: 30 } } }, { z: { set: { logged: true } } }]`)}
      do: [{ one: { call: fake, with: 1 } }, { two: { call: fake, with: 2, output: { as: '. + 1' } } }]
      `);
  });
});
