import { describe, expect, it } from 'vitest';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

/** Errors of one task, without the pointer of the task. */
const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`)).map((error) => error.replace('/do/0/t', ''));

describe('set, do and wait', () => {
  it.each([
    ['{ set: {} }', '/set: `set` must set at least one property; for an empty object write `${ {} }`'],
    ['{ set: 5 }', '/set: `set` must be an object or an expression; it is a number'],
    ['{ set: [1] }', '/set: `set` must be an object or an expression; it is a list'],
    ['{ do: 5 }', '/do: `do` must be a list of tasks; it is a number'],
    ['{ wait: 30 }', '/wait: `wait` must be a duration such as `PT30S` or `{ seconds: 30 }`; it is a number'],
    ['{ wait: { secnods: 30 } }', '/wait/secnods: unknown property `secnods`; did you mean `seconds`?'],
  ])('%s', (task, message) => {
    expect(errorsIn(task)).toEqual([message]);
  });

  it.each(['30 seconds', 'PT', 'P1Y', 'P1M', '-PT1S'])('refuses to wait %j', (duration) => {
    expect(errorsIn(`{ wait: ${duration} }`)).toHaveLength(1);
  });

  it.each(['{ seconds: 1.5 }', '{ seconds: -1 }', '{}', '{ seconds: "5" }', '{ seconds: "${ .s }" }'])(
    'refuses to wait %s',
    (duration) => {
      expect(errorsIn(`{ wait: ${duration} }`)).toHaveLength(1);
    },
  );

  it.each(['P366D', 'P365DT0.001S', '{ days: 365, milliseconds: 1 }'])(
    'refuses to wait %s: the limit is 365 days',
    (duration) => {
      expect(errorsIn(`{ wait: ${duration} }`)).toEqual(['/wait: `wait` is at most 365 days']);
    },
  );

  it.each([
    '{ wait: P365D }',
    '{ wait: PT0S }',
    '{ wait: P1W }',
    '{ wait: { minutes: 1, seconds: 30 } }',
    '{ wait: "${ .delay }" }',
    '{ do: [] }',
    '{ set: "${ .x }" }',
    '{ set: { a: { b: [1, "${ .x }"] } } }',
  ])('accepts %s', (task) => {
    expect(errorsIn(task)).toEqual([]);
  });
});

describe('switch', () => {
  it.each([
    ['{ switch: [] }', '/switch: `switch` must have at least one case'],
    [
      '{ switch: { a: { then: end } } }',
      '/switch: `switch` must be a list of cases, `- myCase: { when: …, then: … }`; it is an object',
    ],
    ['{ switch: [ 5 ] }', '/switch/0: a switch item must be an object; it is a number'],
    [
      '{ switch: [ { a: { then: end }, b: { then: end } } ] }',
      "/switch/0: the switch item has 2 keys, `a` and `b`; each item has exactly one, the case's name",
    ],
    [
      '{ switch: [ { a: end } ] }',
      '/switch/0/a: a case must be an object with `when` and `then`; it is a string',
    ],
    ['{ switch: [ { a: { when: .x } } ] }', '/switch/0/a: missing `then`; a case needs `then`'],
    [
      '{ switch: [ { a: { when: true, then: end } } ] }',
      '/switch/0/a/when: `when` must be an expression in a text; it is a boolean',
    ],
    [
      '{ switch: [ { a: { wehn: .x, then: end } } ] }',
      '/switch/0/a/wehn: unknown property `wehn`; did you mean `when`?',
    ],
    [
      '{ switch: [ { a: { then: end } }, { b: { when: .x, then: end } }, { c: { then: exit } } ] }',
      '/switch/2/c: a second case without `when`; the default is /do/0/t/switch/0/a already',
    ],
  ])('%s', (task, message) => {
    expect(errorsIn(task)).toEqual([message]);
  });
});

describe('for', () => {
  it.each([
    ['{ for: { in: .xs } }', ': missing `do`; a `for` task needs `for` and `do`'],
    ['{ for: {}, do: [] }', '/for: missing `in`; `for` needs `in`'],
    ['{ for: .xs, do: [] }', '/for: `for` must be an object; it is a string'],
    ['{ for: { in: .xs, eahc: x }, do: [] }', '/for/eahc: unknown property `eahc`; did you mean `each`?'],
    [
      '{ for: { in: 5 }, do: [] }',
      '/for/in: `in` must be an expression or a list of objects; it is a number',
    ],
    [
      '{ for: { in: [ { a: 1 }, 2 ] }, do: [] }',
      '/for/in/1: an item of a list in `in` must be an object; it is a number: for other items write an expression, `${ [1, 2, 3] }`',
    ],
    [
      '{ for: { in: .xs, each: $x }, do: [] }',
      '/for/each: `$x` cannot name a variable: write letters, digits and `_`, not beginning with a digit (without the `$`)',
    ],
    [
      '{ for: { in: .xs, each: a-b }, do: [] }',
      '/for/each: `a-b` cannot name a variable: write letters, digits and `_`, not beginning with a digit',
    ],
    ['{ for: { in: .xs, each: x, at: x }, do: [] }', '/for/at: `each` and `at` both name the variable `x`'],
    [
      '{ for: { in: .xs }, while: true, do: [] }',
      '/while: `while` must be an expression in a text; it is a boolean',
    ],
  ])('%s', (task, message) => {
    expect(errorsIn(task)).toEqual([message]);
  });

  it('has its variables in the body and in `while`, in nested lists too, and nowhere else', () => {
    expect(
      errorsOf(
        tasks(`
- loop:
    for: { each: pet, at: i, in: "\${ $pet }" }
    while: $i < 3 and $pet != null
    output: { as: $i }
    do:
      - inner: { for: { in: $pet.toys }, do: [ { x: { if: $index > $i, set: { a: "\${ [$item, $pet] }" } } } ] }
- after: { set: { a: "\${ $pet }" } }`),
      ).map((error) => error.slice(0, error.indexOf(' is not'))),
    ).toEqual(['/do/0/loop/output/as: `$i`', '/do/0/loop/for/in: `$pet`', '/do/1/after/set/a: `$pet`']);
  });

  it('warns when a variable hides one of the runtime', () => {
    expect(warningsOf(tasks('- t: { for: { each: input, in: .xs }, do: [] }'))).toEqual([
      "/do/0/t/for/each: the variable hides the runtime's own `$input`",
    ]);
  });
});

describe('raise and use.errors', () => {
  it.each([
    ['{ raise: {} }', '/raise: missing `error`; `raise` needs `error`'],
    ['{ raise: boom }', '/raise: `raise` must be an object; it is a string'],
    ['{ raise: { error: 5 } }', '/raise/error: an error must be an object; it is a number'],
    [
      '{ raise: { error: { type: "https://x.y/z" } } }',
      '/raise/error: missing `status`; an error needs `type` and `status`',
    ],
    [
      '{ raise: { error: { type: "a b", status: 400 } } }',
      '/raise/error/type: `a b` is not a URI such as `https://example.com/errors/out-of-stock`',
    ],
    [
      '{ raise: { error: { type: x, status: "400" } } }',
      '/raise/error/status: `status` must be a whole number such as 400; it is a string',
    ],
    [
      '{ raise: { error: { type: x, status: 400, details: y } } }',
      '/raise/error/details: unknown property `details`; did you mean `detail`?',
    ],
    [
      '{ raise: { error: { type: x, status: 400, title: 5 } } }',
      "/raise/error/title: `title` must be a text; it is a number; put it in quotes: '5'",
    ],
    [
      '{ raise: { error: { type: x, status: 400, instance: here } } }',
      '/raise/error/instance: `here` is not a JSON pointer such as `/do/0/myTask` (RFC 6901)',
    ],
    ['{ raise: { error: unknown } }', '/raise/error: there is no `unknown` in `use.errors`; it is empty'],
  ])('%s', (task, message) => {
    expect(errorsIn(task)).toEqual([message]);
  });

  it('finds reusable errors, and checks them once where they are defined', () => {
    const use = 'use: { errors: { notFound: { type: x, status: 404, title: "${ .a" } } }';
    expect(
      errorsOf(
        workflow(
          `${use}\ndo: [ { a: { raise: { error: notFond } } }, { b: { raise: { error: notFound } } } ]`,
        ),
      ),
    ).toEqual(['/do/0/a/raise/error: there is no `notFond` in `use.errors`; did you mean `notFound`?']);
    expect(errorsOf(workflow('use: { errors: { bad: { type: x } }, retires: {} }\ndo: []'))).toEqual([
      '/use/retires: unknown property `retires`; did you mean `retries`?',
      '/use/errors/bad: missing `status`; an error needs `type` and `status`',
    ]);
  });
});
