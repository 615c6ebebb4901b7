/** What every task may have, and the tasks that need nothing from outside. */
import { task, root, type Section } from '../feature.ts';

const FLOW = 'test/unit/engine/flow.test.ts';
const DATA_FLOW = 'test/unit/engine/data-flow.test.ts';
const FOR = 'test/unit/tasks/for.test.ts';
const FORK = 'test/unit/tasks/fork.test.ts';

const jump = (directive: string): string =>
  `do: [ { a: { set: { n: 1 }, then: ${directive} } }, { b: { set: { n: 2 } } }, { c: { set: { n: '\${ .n + 10 }' } } } ]`;
const nested = (directive: string): string =>
  `do: [ { d: { do: [ { a: { set: { n: 1 }, then: ${directive} } }, { b: { set: { n: 2 } } } ] } }, { c: { set: { n: '\${ .n + 10 }' } } } ]`;

export const taskSections: readonly Section[] = [
  {
    title: 'Every task',
    features: [
      task('`if`', '{ if: .go, set: { a: 1 } }', {
        input: { go: false },
        gives: { go: false },
        shown: ['examples/conditional-task.yaml'],
        note: 'a skipped task does not follow its `then`',
      }),
      task('`input.schema`', '{ input: { schema: { document: { type: object } } }, set: { a: 1 } }', {
        input: 5,
        faults: 'validation',
        shown: ['sdk-go/task_input_schema.yaml'],
      }),
      task('`input.from`', '{ input: { from: .b }, set: { a: "${ . }" } }', {
        input: { b: 1 },
        gives: { a: 1 },
        shown: ['ctk: Input Filtering'],
      }),
      task('`output.as`', '{ set: { a: 1 }, output: { as: .a } }', {
        gives: 1,
        shown: ['ctk: Output Filtering'],
      }),
      task('`output.schema`', '{ set: { a: 1 }, output: { schema: { document: { type: string } } } }', {
        faults: 'validation',
        shown: ['sdk-go/task_output_schema.yaml'],
      }),
      root(
        '`export.as`',
        'do: [ { t: { set: { a: 1 }, export: { as: .a } } }, { u: { set: { b: "${ $context }" } } } ]',
        { gives: { b: 1 }, shown: ['examples/star-wars-homeworld.yaml', DATA_FLOW] },
      ),
      task(
        '`export.schema`',
        '{ set: { a: 1 }, export: { as: .a, schema: { document: { type: string } } } }',
        {
          faults: 'validation',
          shown: ['sdk-go/task_export_schema.yaml'],
          note: 'looked at only together with `as`',
        },
      ),
      task('`timeout`', '{ wait: PT5S, timeout: { after: PT1S } }', {
        faults: 'timeout',
        shown: ['test/unit/engine/timeout.test.ts'],
      }),
      root('`then: continue`', jump('continue'), {
        gives: { n: 12 },
        shown: ['ctk: Implicit Sequence Flow'],
      }),
      root('`then: exit`', nested('exit'), { gives: { n: 11 }, shown: [FLOW] }),
      root('`then: end`', nested('end'), {
        gives: { n: 1 },
        shown: ['sdk-go/set_tasks_with_termination.yaml', FLOW],
      }),
      root('`then: <task>`', jump('c'), { gives: { n: 11 }, shown: ['ctk: Explicit Sequence Flow'] }),
      task('`metadata`', '{ set: { a: 1 }, metadata: { m: 1 } }', { gives: { a: 1 } }),
    ],
  },
  {
    title: '`set`',
    features: [
      task('`set`, an object', '{ set: { a: "${ .b }", c: [ "${ .b }" ] } }', {
        input: { b: 1 },
        gives: { a: 1, c: [1] },
        shown: ['ctk: Set Task'],
        note: 'replaces the data',
      }),
      task('`set`, an expression', '{ set: "${ [ .b ] }" }', { input: { b: 1 }, gives: [1] }),
    ],
  },
  {
    title: '`do`',
    features: [
      task('`do`', '{ do: [ { a: { set: { n: 1 } } }, { b: { set: { n: "${ .n + 1 }" } } } ] }', {
        gives: { n: 2 },
        shown: ['ctk: Task With Sequential Sub Tasks'],
      }),
    ],
  },
  {
    title: '`switch`',
    features: [
      root(
        '`when` and `then`',
        'do: [ { t: { switch: [ { x: { when: .a == 1, then: c } } ] } }, { b: { set: { r: b }, then: end } }, { c: { set: { r: c } } } ]',
        { input: { a: 1 }, gives: { r: 'c' }, shown: ['ctk: Switch task with matching case'] },
      ),
      root(
        'a case without `when`',
        'do: [ { t: { switch: [ { d: { then: c } }, { x: { when: .a == 1, then: b } } ] } }, { b: { set: { r: b }, then: end } }, { c: { set: { r: c } } } ]',
        {
          input: { a: 1 },
          gives: { r: 'b' },
          shown: ['ctk: Switch task with explicit default case'],
          note: 'the default, wherever it stands',
        },
      ),
      root(
        'no case matches',
        'do: [ { t: { switch: [ { x: { when: .a == 2, then: end } } ], then: c } }, { b: { set: { r: b } } }, { c: { set: { r: c } } } ]',
        { gives: { r: 'c' }, shown: ['ctk: Switch task with implicit default case'] },
      ),
    ],
  },
  {
    title: '`for`',
    features: [
      task('`in`, an expression', '{ for: { in: .xs }, do: [ { a: { set: { s: "${ .s + $item }" } } } ] }', {
        input: { s: 0, xs: [1, 2] },
        gives: { s: 3 },
        shown: ['sdk-go/for_sum_numbers.yaml'],
        note: '`in` is evaluated once; null is no iteration',
      }),
      task(
        '`in`, a list',
        '{ for: { in: [ { n: 1 }, { n: 2 } ] }, do: [ { a: { set: { s: "${ .s + $item.n }" } } } ] }',
        {
          gives: { s: 3 },
          shown: ['examples-main/for-inline-array.yaml'],
        },
      ),
      task(
        '`each` and `at`',
        '{ for: { each: x, at: i, in: "[5, 6]" }, do: [ { a: { set: { r: "${ .r + [$i, $x] }" } } } ] }',
        {
          gives: { r: [0, 5, 1, 6] },
          shown: ['ctk: For Task'],
        },
      ),
      task(
        '`while`',
        '{ for: { in: "[1, 2, 3]" }, while: $item < 3, do: [ { a: { set: { s: "${ .s + $item }" } } } ] }',
        {
          gives: { s: 3 },
          shown: [FOR],
          note: 'looked at before each iteration',
        },
      ),
    ],
  },
  {
    title: '`fork`',
    features: [
      task('`branches`', '{ fork: { branches: [ { a: { wait: PT2S } }, { b: { set: { n: 2 } } } ] } }', {
        input: 0,
        gives: [0, { n: 2 }],
        shown: ['sdk-go/fork_simple.yaml', FORK],
        note: 'outputs in the order of declaration',
      }),
      task(
        '`compete`',
        '{ fork: { compete: true, branches: [ { a: { wait: PT2S } }, { b: { set: { n: 2 } } } ] } }',
        {
          gives: { n: 2 },
          shown: ['ctk: Fork Task With Competing Concurrent Sub Tasks', 'examples/fork.yaml', FORK],
          note: 'the first to succeed; the others are cancelled and their calls aborted',
        },
      ),
    ],
  },
  {
    title: '`wait`',
    features: [
      task('a duration', '{ wait: PT30S }', {
        input: 1,
        gives: 1,
        shown: ['examples/wait-duration-iso8601.yaml'],
        note: 'holds no worker; at most 365 days',
      }),
      task('an object of units', '{ wait: { days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 } }', {
        input: 1,
        gives: 1,
        shown: ['examples/wait-duration-inline.yaml'],
      }),
      task('an expression', '{ wait: "${ .for }" }', {
        input: { for: 'PT1S' },
        gives: { for: 'PT1S' },
        shown: ['test/unit/tasks/wait.test.ts'],
      }),
    ],
  },
];
