import { describe, expect, it } from 'vitest';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

/** Errors of one task, without the pointer of the task. */
const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`)).map((error) => error.replace('/do/0/t', ''));

describe('try, catch and retry', () => {
  const inCatch = (clause: string): string[] =>
    errorsIn(`{ try: [], catch: ${clause} }`).map((error) => error.replace('/catch', ''));
  const inRetry = (policy: string): string[] =>
    inCatch(`{ retry: ${policy} }`).map((error) => error.replace('/retry', ''));

  it.each([
    [
      '{ try: [] }',
      ': missing `catch`; a `try` task needs `try` and `catch` (`catch: {}` catches everything)',
    ],
    [
      '{ try: { a: { wait: PT1S } }, catch: {} }',
      '/try: `try` must be a list of tasks; it is an object: write each task as an item, `- myTask: { … }`',
    ],
    ['{ catch: {} }', ': the task has `catch` but no `try`'],
  ])('%s', (task, message) => {
    expect(errorsIn(task)).toEqual([message]);
  });

  it.each([
    ['5', ': `catch` must be an object; it is a number'],
    ['{ error: {} }', '/error: unknown property `error`; did you mean `errors`?'],
    [
      '{ errors: { with: {} } }',
      '/errors/with: `errors.with` must name at least one property; leave `errors` out to catch everything',
    ],
    [
      '{ errors: { with: { statsu: 5 } } }',
      '/errors/with/statsu: unknown property `statsu`; did you mean `status`?',
    ],
    [
      '{ errors: { with: { details: x } } }',
      '/errors/with/details: unknown property `details`; did you mean `detail`?',
    ],
    [
      '{ errors: { with: { status: "503" } } }',
      '/errors/with/status: `status` must be a whole number such as 404; it is a string',
    ],
    ['{ errors: { status: 503 } }', '/errors/status: unknown property `status`; `catch.errors` has `with`'],
    [
      '{ as: $e }',
      '/as: `$e` cannot name a variable: write letters, digits and `_`, not beginning with a digit (without the `$`)',
    ],
    ['{ when: 5 }', '/when: `when` must be an expression in a text; it is a number'],
    ['{ do: 5 }', '/do: `catch.do` must be a list of tasks; it is a number'],
    ['{ retry: nope }', '/retry: there is no `nope` in `use.retries`; it is empty'],
  ])('catch: %s', (clause, message) => {
    expect(inCatch(clause)).toEqual([message]);
  });

  it.each([
    ['5', ': a retry policy must be an object; it is a number'],
    ['{ dealy: PT1S }', '/dealy: unknown property `dealy`; did you mean `delay`?'],
    [
      '{ delay: 5 }',
      '/delay: `delay` must be a duration such as `PT30S` or `{ seconds: 30 }`; it is a number',
    ],
    [
      '{ backoff: {} }',
      '/backoff: `backoff` must have exactly one of `constant`, `linear` or `exponential`, `constant: {}` say; it has none',
    ],
    [
      '{ backoff: { constant: {}, linear: {} } }',
      '/backoff: `backoff` must have exactly one of `constant`, `linear` or `exponential`, `constant: {}` say; it has `constant` and `linear`',
    ],
    ['{ backoff: { exponential: } }', '/backoff/exponential: `exponential` must be an object; it is null'],
    [
      '{ limit: { attempts: { count: 1 } } }',
      '/limit/attempts: unknown property `attempts`; did you mean `attempt`?',
    ],
    [
      '{ limit: { attempt: { count: 1.5 } } }',
      '/limit/attempt/count: `count` must be a whole number of at least 0; it is a number',
    ],
    [
      '{ limit: { attempt: { count: -1 } } }',
      '/limit/attempt/count: `count` must be a whole number of at least 0; it is -1',
    ],
    [
      '{ limit: { attempt: { duration: PT0S } } }',
      '/limit/attempt/duration: `duration` must be longer than nothing',
    ],
    ['{ jitter: { from: PT1S } }', '/jitter: missing `to`; `jitter` needs `from` and `to`'],
    ['{ jitter: { from: PT2S, to: { seconds: 1 } } }', '/jitter: `from` must not be longer than `to`'],
    ['{ exceptWhen: .a. }', expect.stringMatching(/^\/exceptWhen: the expression `\.a\.` does not parse/)],
  ])('retry: %s', (policy, message) => {
    expect(inRetry(policy)).toEqual([message]);
  });

  it('warns of parameters that a backoff does not have', () => {
    expect(
      warningsOf(
        tasks('- t: { try: [], catch: { retry: { backoff: { exponential: { multiplier: 3 } } } } }'),
      ),
    ).toEqual([
      '/do/0/t/catch/retry/backoff/exponential/multiplier: a backoff has no parameters in DSL 1.0; this one is ignored',
    ]);
  });

  it('warns of a filter that looks like an expression', () => {
    expect(warningsOf(tasks('- t: { try: [], catch: { errors: { with: { type: "${ .x }" } } } }'))).toEqual([
      '/do/0/t/catch/errors/with/type: the filter compares literally, and this text is never evaluated; use `catch.when`',
    ]);
  });

  it('has the error in every part of `catch`, under the name of `as`, and nowhere else', () => {
    const parts = (name: string) =>
      `{ when: $${name}.status == 1, exceptWhen: $${name}.status == 2, retry: { when: $${name}.status == 3, delay: "\${ $${name}.wait }" }, do: [ { x: { set: { e: "\${ $${name} }" } } } ] }`;
    expect(inCatch(parts('error'))).toEqual([]);
    expect(inCatch(parts('error').replace('{', '{ as: oops,'))).toEqual([
      '/when: `$error` is not defined here; there are `$oops`, `$context`, `$input`, `$output`, `$secrets`, `$task`, `$workflow`, `$runtime` and `$authorization`',
      ...['/exceptWhen', '/retry/when', '/retry/delay', '/do/0/x/set/e'].map((path) =>
        expect.stringContaining(`${path}: \`$error\` is not`),
      ),
    ]);
    expect(errorsIn('{ try: [ { x: { set: { e: "${ $error }" } } } ], catch: {} }')).toHaveLength(1);
  });

  it('checks a reusable policy with the name that each user gives the error', () => {
    const definition = (as: string) =>
      workflow(`
use: { retries: { often: { when: "$error.status == 503", limit: { attempt: { count: 2 } } }, unused: { delay: 5 } } }
do:
  - a: { try: [], catch: { retry: often } }
  - b: { try: [], catch: { retry: often, as: ${as} } }`);
    expect(errorsOf(definition('error'))).toHaveLength(1);
    expect(errorsOf(definition('err'))).toEqual([
      expect.stringMatching(
        /^\/use\/retries\/often\/when: `\$error` is not defined here; there are `\$err`,/,
      ),
      expect.stringMatching(/^\/use\/retries\/unused\/delay: `delay` must be a duration/),
    ]);
  });

  it('reports a broken policy once, however many use it', () => {
    expect(
      errorsOf(
        workflow(`
use: { retries: { often: { when: ".a +" } } }
do:
  - a: { try: [], catch: { retry: often } }
  - b: { try: [], catch: { retry: often } }
  - c: { try: [], catch: { retry: often, as: err } }`),
      ),
    ).toEqual([expect.stringMatching(/^\/use\/retries\/often\/when: the expression/)]);
  });

  it('takes the name of `as` for the error also where it hides a variable of the runtime', () => {
    const task = '{ try: [], catch: { as: output, do: [ { x: { set: { e: "${ $output }" } } } ] } }';
    expect(warningsOf(tasks(`- t: ${task}`))).toEqual([
      "/do/0/t/catch/as: the variable hides the runtime's own `$output`",
    ]);
  });
});
