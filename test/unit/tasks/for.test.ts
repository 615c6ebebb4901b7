import { describe, expect, test } from 'vitest';
import { failure, output, run } from '../../support/engine-run.ts';

const loop = (head: string, set: string, extra = '') => `
  do:
    - loop:
        for: ${head}
        do: [{ step: { set: '\${ ${set} }' } }]${extra}`;

describe('for', () => {
  test('the output of an iteration is the input of the next, and that of the last the loop`s', async () => {
    expect(
      await output(loop(`{ in: .items }`, '{ items, sum: (.sum + $item) }'), { input: { items: [1, 2, 3] } }),
    ).toEqual({ items: [1, 2, 3], sum: 6 });
  });

  test('each and at name the variables; item and index are the defaults', async () => {
    expect(await output(loop(`{ in: '[5, 6]' }`, '. + [[$item, $index]]'))).toEqual([
      [5, 0],
      [6, 1],
    ]);
    expect(await output(loop(`{ each: x, at: i, in: '[5, 6]' }`, '. + [[$x, $i]]'))).toEqual([
      [5, 0],
      [6, 1],
    ]);
  });

  test('inner variables hide outer ones, also with null', async () => {
    expect(
      await output(`
        do:
          - outer:
              for: { in: '[1, 2]' }
              do:
                - inner:
                    for: { in: '[null]', at: inner }
                    do: [{ step: { set: '\${ . + [[$item, $index, $inner]] }' } }]
        `),
    ).toEqual([
      [null, 0, 0],
      [null, 1, 0],
    ]);
  });

  test('an inner variable that is null hides the outer one in while, too', async () => {
    const inner = `{ for: { in: '[null]' }, while: '$item == null', do: [{ s: { set: '\${ "ran" }' } }] }`;
    expect(await output(`do: [{ outer: { for: { in: '[1]' }, do: [{ inner: ${inner} }] } }]`)).toBe('ran');
  });

  test.each(['[]', 'null', 'empty', '.nothing'])(
    'in %s there are no iterations, and the input is the output',
    async (collection) => {
      expect(await output(loop(`{ in: '${collection}' }`, 'error("ran")'), { input: { a: 1 } })).toEqual({
        a: 1,
      });
    },
  );

  test.each(['1', '{}', '"abc"', 'true'])('over %s it is an expression error', async (collection) => {
    const { error } = await failure(loop(`{ in: '${collection}' }`, '.'));
    expect(error).toMatchObject({ type: expect.stringContaining('/expression'), instance: '/do/0/loop' });
  });

  test('in may be an array in the definition', async () => {
    expect(await output(loop(`{ in: [{ a: 1 }, { a: '\${ 1 + 1 }' }] }`, '. + [$item.a]'))).toEqual([1, 2]);
  });

  test('in is evaluated once, on the transformed input', async () => {
    const text = loop(`{ in: . }`, '[]', '\n        input: { from: .list }');
    const { ports } = await run(text, { input: { list: [1, 2] } });
    expect(ports.story.filter((line) => line.startsWith('task_started'))).toHaveLength(3);
  });

  test('while is looked at before each iteration, on the threaded data, with the variables bound', async () => {
    const text = loop(
      `{ in: '[1, 2, 3, 4]' }`,
      '. + [$item]',
      `\n        while: '(. | length) < 2 and $index < 9'`,
    );
    expect(await output(text)).toEqual([1, 2]);
    expect(await output(loop(`{ in: '[1]' }`, '"ran"', `\n        while: 'false'`), { input: 'in' })).toBe(
      'in',
    );
  });

  test('exit ends the iteration, not the loop', async () => {
    expect(
      await output(`
        do:
          - loop:
              for: { in: '[1, 2]' }
              do:
                - one: { set: '\${ . + [$item] }', then: exit }
                - two: { set: '\${ . + ["not"] }' }
        `),
    ).toEqual([1, 2]);
  });

  test('$input and $task inside are those of the inner task', async () => {
    expect(await output(loop(`{ in: '[7]' }`, '[$input, $task.name]'), { input: 3 })).toEqual([3, 'step']);
  });

  test('the timeline tells the iterations, outermost first', async () => {
    const { ports } = await run(`
      do:
        - outer:
            for: { in: '[1, 2]' }
            do:
              - inner: { for: { in: '[1]', each: x, at: y }, do: [{ step: { set: { a: 1 } } }] }
      `);
    const started = ports.entries.filter(({ type }) => type === 'task_started');
    expect(started.map(({ name, iteration }) => [name, iteration])).toEqual([
      ['outer', undefined],
      ['inner', [0]],
      ['step', [0, 0]],
      ['inner', [1]],
      ['step', [1, 0]],
    ]);
  });

  test('variables may have any name that jq allows', async () => {
    expect(
      await output(loop(`{ each: __proto__, at: constructor, in: '[1]' }`, '[$__proto__, $constructor]')),
    ).toEqual([1, 0]);
  });

  test('a list without tasks gives each iteration`s input', async () => {
    expect(await output(`do: [{ loop: { for: { in: '[1, 2]' }, do: [] } }]`, { input: 4 })).toBe(4);
  });
});
