import { describe, expect, test } from 'vitest';
import type { Ran } from '../../support/engine-run.ts';
import { failed, refitted, rerun } from '../../support/rerun.ts';

const call = (name: string): string => `${name}: { call: fake, with: '\${ . + ["${name}"] }' }`;
const names = ({ executed }: Ran): (string | undefined)[] => executed.map((key) => key.split('/').at(-1));
const SETUP = { input: [] };

/** The tree of the first definition, which fails at `bad`, goes on in the second. */
async function goOn(from: string, to: string) {
  const before = await failed(from, SETUP);
  const after = await rerun(from, to, before, SETUP);
  return { before, after };
}

/** Why the second definition does not fit the tree of the first, which fails at `bad`. */
async function misfit(from: string, to: string) {
  const { progress } = await failed(from, SETUP);
  return refitted(progress, from, to).misfit;
}

const PLAIN = `
do:
  - ${call('one')}
  - outer:
      do:
        - ${call('two')}
        - ${call('bad')}
        - ${call('last')}
`;

describe('recorded results are kept, and the run goes on inside the failed task', () => {
  test('in the same definition', async () => {
    const { before, after } = await goOn(PLAIN, PLAIN);
    expect(names(before)).toEqual(['one', 'two', 'bad']);
    expect(names(after)).toEqual(['bad', 'last']);
    expect(after.outcome).toEqual({ kind: 'succeeded', output: ['one', 'two', 'bad', 'last'] });
  });

  test('where tasks have come and gone beside it, which are neither caught up on nor missed', async () => {
    const to = `
do:
  - ${call('new')}
  - outer:
      do:
        - ${call('newer')}
        - ${call('bad')}
        - ${call('newest')}
`;
    const { after } = await goOn(PLAIN, to);
    expect(names(after)).toEqual(['bad', 'newest']);
  });

  test('with what has changed about the failed task', async () => {
    const { after } = await goOn(PLAIN, PLAIN.replace('["bad"]', '["good"]'));
    expect(after.outcome).toEqual({ kind: 'succeeded', output: ['one', 'two', 'good', 'last'] });
  });

  test('a result is kept although what came after it failed', async () => {
    const from = `do: [{ paid: { call: fake, with: 1, output: { as: '.[0]' } } }]`;
    const to = `do: [{ new: { set: 0 } }, { paid: { call: fake, with: 1, output: { as: '[.]' } } }]`;
    const { after } = await goOn(from, to);
    expect(after.executed).toEqual([]);
    expect(after.outcome).toEqual({ kind: 'succeeded', output: [1] });
  });

  test.each([
    [
      'for',
      `for: { in: '[1, 2, 3]' }`,
      'do',
      ['bad', 'last', 'first', 'bad', 'last', 'first', 'bad', 'last'],
    ],
    ['try', `catch: { errors: { with: { status: 418 } } }`, 'try', ['bad', 'last']],
  ])('in the iteration or attempt of a %s', async (_kind, members, list, expected) => {
    const inside = (more = '') =>
      `do: [{ it: { ${members}, ${list}: [${more} { ${call('first')} }, { ${call('bad')} }, { ${call('last')} }] } }]`;
    const { after } = await goOn(inside(), inside(`{ new: { set: '\${ . }' } },`));
    expect(names(after)).toEqual(expected);
  });

  test('in catch.do', async () => {
    const text = (more: string) => `
do:
  - it:
      try: [{ ${call('first')} }, { no: { raise: { error: { type: https://x, status: 418 } } } }]
      catch: { do: [${more} { ${call('second')} }, { ${call('bad')} }] }
`;
    const { after } = await goOn(text(''), text(`{ new: { set: '\${ . }' } },`));
    expect(names(after)).toEqual(['bad']);
    expect(after.outcome).toEqual({ kind: 'succeeded', output: ['second', 'bad'] });
  });

  test('in the branches of a fork, of which those that have ended stay as they are', async () => {
    const text = (more: string) => `
do:
  - it:
      fork:
        branches:
          - a: { do: [${more} { ${call('done')} }] }
          - b: { do: [${more} { ${call('first')} }, { ${call('bad')} }] }
`;
    const { before, after } = await goOn(text(''), text(`{ new: { set: '\${ . }' } },`));
    expect(names(before)).toEqual(['done', 'first', 'bad']);
    expect(names(after)).toEqual(['bad']);
    expect(after.outcome).toEqual({ kind: 'succeeded', output: [['done'], ['first', 'bad']] });
  });

  test('in a function', async () => {
    const text = (more: string) => `
use: { functions: { f: { do: [${more} { ${call('first')} }, { ${call('bad')} }] } } }
do: [{ it: { call: f } }]
`;
    const { after } = await goOn(text(''), text(`{ new: { set: '\${ . }' } },`));
    expect(names(after)).toEqual(['bad']);
  });

  test('in an extension', async () => {
    const text = (more: string) => `
use: { extensions: [{ log: { extend: call, before: [${more} { ${call('first')} }, { ${call('bad')} }] } }] }
do: [{ ${call('it')} }]
`;
    const { after } = await goOn(text(''), text(`{ new: { set: '\${ . }' } },`));
    expect(names(after)).toEqual(['bad', 'it']);
  });

  test('visits are counted on by name, so that no idempotency key comes twice', async () => {
    const text = (more: string) => `
do: [${more} { a: { call: fake, with: '\${ . + ["a"] }' } },
  { bad: { call: fake, with: '\${ . }', if: 'length > 1' } }, { again: { switch: [{ x: { when: 'length < 3', then: a } }] } }]
`;
    const { before, after } = await goOn(text(''), text(`{ new: { set: '\${ . }' } },`));
    expect(before.executed.map((key) => key.slice(key.indexOf('/do')))).toEqual([
      '/do/0/a',
      '/do/0/a;2',
      '/do/1/bad;2',
    ]);
    expect(after.executed.map((key) => key.slice(key.indexOf('/do')))).toEqual([
      '/do/2/bad;2',
      '/do/1/a;3',
      '/do/2/bad;3',
    ]);
  });

  test('after the last task, where the output of the workflow failed', async () => {
    const from = `do: [{ ${call('one')} }]\noutput: { as: '.x.y' }`;
    const { after } = await goOn(from, `do: [{ ${call('one')} }, { ${call('two')} }]`);
    expect(after.executed).toEqual([]);
    expect(after.outcome).toEqual({ kind: 'succeeded', output: ['one'] });
  });
});

describe('what does not fit is refused with its pointer', () => {
  const inOuter = (tasks: string) => `do: [{ outer: { do: [${tasks}] } }]`;
  const BAD = `{ ${call('bad')} }`;
  const fork = (...branches: string[]) => `do: [{ it: { fork: { branches: [${branches.join(', ')}] } } }]`;
  const FORK = [`{ a: { do: [${BAD}] } }`, `{ ${call('b')} }`];
  const caught = (handler: string) =>
    `do: [{ it: { try: [{ no: { raise: { error: { type: https://x, status: 418 } } } }], catch: ${handler} } }]`;
  const extended = (name: string, rest = `before: [${BAD}]`) =>
    `use: { extensions: [{ ${name}: { extend: call, ${rest} } }] }\ndo: [{ ${call('it')} }]`;
  const calls = (name: string) => `
use: { functions: { f: { do: [${BAD}] }, g: { do: [${BAD}] } } }
do: [{ it: { call: ${name} } }]`;

  test.each([
    [
      'the failed task is gone',
      inOuter(BAD),
      inOuter(`{ ${call('good')} }`),
      '/do/0/outer/do/0/bad',
      'no longer in its list',
    ],
    [
      'it is of another type',
      inOuter(BAD),
      inOuter('{ bad: { set: 1 } }'),
      '/do/0/outer/do/0/bad',
      'now of type set, and was of type call-fake',
    ],
    ['the task around it is gone', inOuter(BAD), `do: [${BAD}]`, '/do/0/outer', 'no longer in its list'],
    [
      'the task around it is of another type',
      inOuter(BAD),
      `do: [{ outer: { try: [${BAD}], catch: {} } }]`,
      '/do/0/outer',
      'now of type try',
    ],
    ['a branch is gone', fork(...FORK), fork(FORK[0] ?? ''), '/do/0/it', 'no longer has the branch "b"'],
    ['a branch is new', fork(...FORK), fork(...FORK, '{ c: { set: 1 } }'), '/do/0/it', 'has other branches'],
    [
      'the branches are in another order',
      fork(...FORK),
      fork(...FORK.toReversed()),
      '/do/0/it',
      'in another order',
    ],
    [
      'catch.do is gone',
      caught(`{ do: [${BAD}] }`),
      caught('{}'),
      '/do/0/it/catch/do/0/bad',
      'no longer in its list',
    ],
    ['another function is called', calls('f'), calls('g'), '/do/0/it', 'no longer has the function "f"'],
    [
      'an extension has another name',
      extended('log'),
      extended('trace'),
      '/do/0/it',
      'is extended by other extensions',
    ],
    [
      'an extension has lost its list',
      extended('log'),
      extended('log', `after: [${BAD}]`),
      '/do/0/it',
      'no longer has a list `before`',
    ],
  ])('%s', async (_what, from, to, pointer, problem) => {
    expect(await misfit(from, to)).toEqual({ pointer, problem: expect.stringContaining(problem) });
    expect(await misfit(from, from)).toBeNull();
  });
});
