import { describe, expect, test } from 'vitest';
import { output, run } from '../../support/engine-run.ts';

const add = (name: string, extra = '') => `- ${name}: { set: '\${ . + ["${name}"] }'${extra} }`;

describe('flow directives', () => {
  test('tasks run in their order', async () => {
    expect(await output(`do:\n${add('a')}\n${add('b')}\n${add('c')}`)).toEqual(['a', 'b', 'c']);
  });

  test('then names another task of the list, forwards and backwards', async () => {
    const text = `do:\n${add('a', ', then: c')}\n${add('b', ', then: end')}\n${add('c', ', then: b')}`;
    expect(await output(text)).toEqual(['a', 'c', 'b']);
  });

  test('continue at the end of a list completes it', async () => {
    expect(await output(`do:\n${add('a')}\n${add('b', ', then: continue')}`)).toEqual(['a', 'b']);
  });

  const nested = (then: string) => `
    do:
      - outer:
          do:
            - one: { set: '\${ . + ["one"] }', then: ${then}, output: { as: '. + ["own"]' } }
            - two: { set: '\${ . + ["two"] }' }
          output: { as: '. + ["outer.as"]' }
          export: { as: '"exported"' }
      - after: { set: '\${ . + ["after"] }' }
    output: { as: '{ data: ., context: $context }' }`;

  test('exit completes the list it stands in, and the parent goes on', async () => {
    expect(await output(nested('exit'))).toEqual({
      data: ['one', 'own', 'outer.as', 'after'],
      context: 'exported',
    });
  });

  test('end completes the workflow: the parents` output.as and export.as are left out, its own are not', async () => {
    const { outcome, ports } = await run(nested('end'));
    expect(outcome).toEqual({ kind: 'succeeded', output: { data: ['one', 'own'], context: null } });
    expect(ports.story).toEqual([
      'task_started /do/0/outer',
      'task_started /do/0/outer/do/0/one',
      'task_completed /do/0/outer/do/0/one',
      'task_completed /do/0/outer',
    ]);
  });

  test('exit at the top completes the workflow', async () => {
    expect(await output(`do:\n${add('a', ', then: exit')}\n${add('b')}`)).toEqual(['a']);
  });

  test('end inside loops and tries leaves them all', async () => {
    expect(
      await output(`
        do:
          - loop:
              for: { in: '[1, 2]' }
              do:
                - guarded:
                    try: [{ stop: { set: '\${ $item }', then: end } }]
                    catch: {}
          - after: { set: { not: here } }
        `),
    ).toBe(1);
  });

  test('a composite follows its own then', async () => {
    expect(
      await output(`
        do:
          - outer: { do: [{ a: { set: { x: 1 } } }], then: last }
          - skipped: { set: { x: 2 } }
          - last: { set: { y: '\${ .x }' } }
        `),
    ).toEqual({ y: 1 });
  });

  test('a task named like a directive does not replace it', async () => {
    expect(await output(`{ do: [{ a: { set: { x: 1 }, then: end } }, { end: { set: { x: 2 } } }] }`)).toEqual(
      { x: 1 },
    );
  });

  test('the timeline names every task by its pointer, with slashes and tildes escaped', async () => {
    const { ports } = await run(`do: [{ 'a/b~c': { do: [{ d: { set: { x: 1 } } }] } }]`);
    expect(ports.story).toEqual([
      'task_started /do/0/a~1b~0c',
      'task_started /do/0/a~1b~0c/do/0/d',
      'task_completed /do/0/a~1b~0c/do/0/d',
      'task_completed /do/0/a~1b~0c',
    ]);
    expect(ports.entries[1]).toEqual({
      type: 'task_started',
      at: '2026-01-01T00:00:00.000Z',
      task: '/do/0/a~1b~0c/do/0/d',
      name: 'd',
      kind: 'set',
    });
  });
});
