/** Expressions and what they can read. */
import { task, root, type Section } from '../feature.ts';

const EXPRESSION = 'test/unit/engine/expression.test.ts';
const DATA_FLOW = 'test/unit/engine/data-flow.test.ts';

const set = (expression: string): string => `{ set: '\${ ${expression} }' }`;
const STARTED = {
  iso8601: '2026-01-01T00:00:00.000Z',
  epoch: { seconds: 1_767_225_600, milliseconds: 1_767_225_600_000 },
};

export const expressionSections: readonly Section[] = [
  {
    title: 'Expressions',
    features: [
      task('`${ … }` around the whole of a text', set('.a + 1'), {
        input: { a: 1 },
        gives: 2,
        shown: [EXPRESSION],
      }),
      task('text around `${ … }`', "{ set: { a: 'b ${ .c }' } }", {
        gives: { a: 'b ${ .c }' },
        shown: [EXPRESSION],
        note: 'literal; publish warns and says how to write it',
      }),
      task('bare, where a property is an expression', '{ if: .a == 1, set: { b: 2 } }', {
        input: { a: 1 },
        gives: { b: 2 },
        shown: ['ctk: Switch task with matching case'],
        note: '`if`, `when`, `exceptWhen`, `while`, `in`, `from`, `as`, `until`',
      }),
      task('expressions in data are not evaluated', set('.a'), {
        input: { a: '${ 1 + 1 }' },
        gives: '${ 1 + 1 }',
        shown: [EXPRESSION],
      }),
      task('an expression without a result', set('empty'), { gives: null, note: 'null' }),
      task('an expression with several results', set('.a, .b'), {
        input: { a: 1, b: 2 },
        gives: [1, 2],
        note: 'a list',
      }),
    ],
  },
  {
    title: 'Arguments',
    features: [
      root(
        '`$context`',
        "do: [ { t: { set: { a: 1 }, export: { as: . } } }, { u: { set: '${ $context }' } } ]",
        {
          gives: { a: 1 },
          shown: [DATA_FLOW],
          note: 'null at first',
        },
      ),
      task('`$input`', "{ input: { from: .a }, set: { b: 1 }, output: { as: '[ $input, .b ]' } }", {
        input: { a: 5 },
        gives: [5, 1],
        shown: ['ctk: Use Non-object Output'],
      }),
      root(
        '`$output`',
        "do: [ { t: { set: { a: 1 }, output: { as: .a }, export: { as: $output } } }, { u: { set: '${ $context }' } } ]",
        {
          gives: 1,
          shown: [DATA_FLOW],
        },
      ),
      root('`$secrets`', "use: { secrets: [ s ] }\ndo: [ { t: { set: '${ $secrets.s }' } } ]", {
        secrets: { s: 1 },
        gives: 1,
        shown: [DATA_FLOW],
      }),
      task(
        '`$authorization`',
        "{ call: http, with: { method: get, endpoint: { uri: 'https://api.test/echo', authentication: { bearer: { token: hush } } } }, output: { as: $authorization } }",
        {
          gives: { scheme: 'Bearer', parameter: 'hush' },
          shown: ['test/unit/tasks/call-http-authentication.test.ts'],
          note: 'in `output.as` and `export.as` of a call with authentication',
        },
      ),
      task(
        '`$task`: `name`, `reference`, `definition`, `input`, `output`',
        `{ set: { a: '\${ $task | [.name, .reference, .definition.metadata, .input] }' }, metadata: { m: 1 }, output: { as: '.a + [$task.output | length]' } }`,
        {
          input: 7,
          gives: ['t', '/do/0/t', { m: 1 }, 7, 1],
          shown: [DATA_FLOW],
        },
      ),
      task('`$task.startedAt`', set('$task.startedAt'), { gives: STARTED }),
      task(
        '`$workflow`: `id`, `definition`, `input`',
        set('$workflow | [(.id | length), .definition.document.name, .input]'),
        {
          input: 7,
          gives: [36, 'feature', 7],
          shown: ['sdk-go/raise_inline.yaml'],
        },
      ),
      task('`$workflow.startedAt`', set('$workflow.startedAt'), { gives: STARTED }),
      task('`$runtime`: `name`, `version`, `metadata`', set('$runtime'), {
        gives: { name: 'vespid', version: '0.1.0', metadata: {} },
      }),
      task(
        'variables of `for`',
        "{ for: { each: x, in: '[5]' }, do: [ { a: { set: '${ [$x, $index] }' } } ] }",
        {
          gives: [5, 0],
          shown: ['ctk: For Task'],
        },
      ),
      task(
        '`$error`',
        "{ try: [ { x: { raise: { error: { type: 'https://x.y/e', status: 418 } } } } ], catch: { do: [ { h: { set: '${ $error.status }' } } ] } }",
        {
          gives: 418,
          shown: ['test/unit/tasks/try.test.ts'],
        },
      ),
    ],
  },
  {
    title: 'Durations',
    features: [
      task('ISO 8601: weeks, days, hours, minutes, seconds', '{ wait: P1DT1H1M1.5S }', {
        input: 1,
        gives: 1,
        shown: ['test/unit/engine/duration.test.ts'],
      }),
      task('ISO 8601: years and months', '{ wait: P1Y }'),
      task('an object of units', '{ wait: { minutes: 1, milliseconds: 5 } }', { input: 1, gives: 1 }),
      task('an expression', "{ wait: '${ { seconds: .n } }' }", { input: { n: 5 }, gives: { n: 5 } }),
    ],
  },
];
