/** Where the language leaves something open, or its sources disagree: what holds here, each tried. */
import { root, task, type Section } from '../feature.ts';

const ERRORS = 'https://serverlessworkflow.io/spec/1.0.0/errors/';
const raise = (status: number): string =>
  `{ raise: { error: { type: 'https://x.y/e', status: ${status} } } }`;
const caught = (body: string, more = ''): string =>
  `{ try: [ ${body} ], catch: { do: [ { h: { set: '\${ [$error.status, $error.instance] }' } } ] }${more} }`;
const failing = "{ call: http, with: { method: get, endpoint: 'https://api.test/status/503' } }";
const exporting = (value: number): string => `{ set: { n: ${value} }, export: { as: .n } }`;
const CONTEXT = "{ c: { set: '${ [., $context] }' } }";

export const readingSections: readonly Section[] = [
  {
    title: 'Data and flow',
    features: [
      task('`$context` is null until something is exported', "{ set: '${ [$context] }' }", { gives: [null] }),
      task('a condition holds as in jq: all but `false` and `null` do', '{ if: "0", set: { a: 1 } }', {
        gives: { a: 1 },
        shown: ['test/unit/engine/expression.test.ts'],
      }),
      task('a condition with several results is an error', '{ if: "true, true", set: { a: 1 } }', {
        faults: 'expression',
      }),
      root(
        'a skipped task does not follow its `then`',
        'do: [ { t: { if: "false", set: { a: 1 }, then: end } }, { u: { set: { b: 1 } } } ]',
        {
          gives: { b: 1 },
        },
      ),
      root(
        '`end` deep inside: the `output.as` of the workflow is applied, those on the way are not',
        "output: { as: '${ [.] }' }\ndo: [ { t: { do: [ { a: { set: { n: 1 }, then: end } } ], output: { as: .n } } } ]",
        { gives: [{ n: 1 }], shown: ['test/unit/engine/flow.test.ts'] },
      ),
      task(
        '`for`: the output of an iteration is the input of the next',
        "{ for: { in: '[1, 2]' }, do: [ { a: { set: '${ . + [$item] }' } } ] }",
        {
          input: [],
          gives: [1, 2],
          shown: ['ctk: For Task'],
        },
      ),
      task('`for` over null does nothing', '{ for: { in: .xs }, do: [ { a: { set: { b: 1 } } } ] }', {
        input: {},
        gives: {},
      }),
      task('`for` over anything else is an error', '{ for: { in: .xs }, do: [ { a: { set: { b: 1 } } } ] }', {
        input: { xs: 5 },
        faults: 'expression',
      }),
      root(
        '`fork`: what branches export is dropped',
        `do: [ { t: { fork: { branches: [ { a: ${exporting(1)} } ] } } }, ${CONTEXT} ]`,
        {
          gives: [[{ n: 1 }], null],
          shown: ['test/unit/tasks/fork.test.ts'],
        },
      ),
      root(
        '`fork` with `compete`: what the winner exports is kept',
        `do: [ { t: { fork: { compete: true, branches: [ { a: ${exporting(1)} }, { b: { wait: PT2S } } ] } } }, ${CONTEXT} ]`,
        {
          gives: [{ n: 1 }, 1],
          shown: ['test/unit/tasks/fork.test.ts'],
        },
      ),
      root(
        '`end` in a branch ends the run',
        'do: [ { t: { fork: { branches: [ { a: { wait: PT2S } }, { b: { set: { n: 1 }, then: end } } ] } } }, { c: { set: { n: 2 } } } ]',
        {
          gives: { n: 1 },
        },
      ),
      root(
        'a function sees the `$context` of its caller, and changes none but its own',
        `use: { functions: { f: { set: '\${ $context }', export: { as: '"mine"' } } } }\ndo: [ { a: ${exporting(1)} }, { b: { call: f } }, ${CONTEXT} ]`,
        {
          gives: [1, 1],
          shown: ['test/unit/tasks/call-function.test.ts'],
        },
      ),
      root(
        'the output of an extension is dropped, but for a `before` that exits',
        'use: { extensions: [ { x: { extend: wait, before: [ { m: { set: { b: 1 } } } ], after: [ { n: { set: { c: 1 } } } ] } } ] }\ndo: [ { t: { wait: PT1S } } ]',
        {
          input: { a: 1 },
          gives: { a: 1 },
          shown: ['test/unit/engine/extensions.test.ts'],
        },
      ),
    ],
  },
  {
    title: 'Errors, retries, timeouts',
    features: [
      task(
        'standard types are written as in 1.0.3',
        '{ try: [ { x: { wait: PT2S, timeout: { after: PT1S } } } ], catch: { do: [ { h: { set: "${ $error.type }" } } ] } }',
        {
          gives: `${ERRORS}timeout`,
          note: 'the forms of the new host and of the kit are equal in `errors.with.type`',
        },
      ),
      task('`instance` is a pointer into the definition', caught(`{ x: ${raise(400)} }`), {
        gives: [400, '/do/0/t/try/0/x'],
        shown: ['ctk: Try Handle Caught Error'],
      }),
      task('`instance` in a branch', caught(`{ f: { fork: { branches: [ { a: ${raise(400)} } ] } } }`), {
        gives: [400, '/do/0/t/try/0/f/fork/branches/0/a'],
      }),
      root(
        '`instance` in an extension',
        `use: { extensions: [ { x: { extend: wait, before: [ { m: ${raise(400)} } ] } } ] }\ndo: [ { t: ${caught('{ w: { wait: PT1S } }')} } ]`,
        {
          gives: [400, '/use/extensions/0/x/before/0/m'],
        },
      ),
      root(
        '`instance` in a function',
        `use: { functions: { f: ${raise(400)} } }\ndo: [ { t: ${caught('{ c: { call: f } }')} } ]`,
        {
          gives: [400, '/use/functions/f'],
        },
      ),
      task(
        '`fork`: the first error cancels the others',
        caught(`{ f: { fork: { branches: [ { a: { wait: PT9S } }, { b: ${raise(401)} } ] } } }`),
        {
          gives: [401, '/do/0/t/try/0/f/fork/branches/1/b'],
        },
      ),
      task(
        '`fork` with `compete`: an error does not win; when all fail, the last does',
        caught(
          `{ f: { fork: { compete: true, branches: [ { a: { do: [ { w: { wait: PT2S } }, { x: ${raise(402)} } ] } }, { b: ${raise(401)} } ] } } }`,
        ),
        {
          gives: [402, '/do/0/t/try/0/f/fork/branches/0/a/do/1/x'],
          shown: ['test/unit/tasks/fork.test.ts'],
        },
      ),
      task(
        '`retry` first, `catch.do` once it is exhausted',
        `{ try: [ { x: ${failing} } ], catch: { retry: { delay: PT1S, limit: { attempt: { count: 1 } } }, do: [ { h: { set: { a: 1 } } } ] } }`,
        {
          gives: { a: 1 },
          shown: ['test/unit/tasks/retry.test.ts'],
        },
      ),
      task(
        'exhausted without `do` and `then`: the original error goes on',
        caught(
          `{ r: { try: [ { x: ${failing} } ], catch: { retry: { limit: { attempt: { count: 1 } } } } } }`,
        ),
        {
          gives: [503, '/do/0/t/try/0/r/try/0/x'],
        },
      ),
      task(
        "an attempt's time limit is an error that the same `catch` filters",
        '{ try: [ { x: { wait: PT5S } } ], catch: { errors: { with: { status: 408 } }, retry: { limit: { attempt: { count: 0, duration: PT1S } } }, do: [ { h: { set: { a: 1 } } } ] } }',
        {
          gives: { a: 1 },
          shown: ['test/unit/engine/timeout.test.ts'],
        },
      ),
      task(
        "a `try`'s own `timeout` is not caught by it",
        '{ try: [ { x: { wait: PT5S } } ], timeout: { after: PT1S }, catch: { do: [ { h: { set: { a: 1 } } } ] } }',
        {
          faults: 'timeout',
          shown: ['test/unit/engine/timeout.test.ts'],
        },
      ),
      root(
        "the workflow's `timeout` is caught by no `try`",
        'timeout: { after: PT1S }\ndo: [ { t: { try: [ { x: { wait: PT5S } } ], catch: {} } } ]',
        {
          faults: 'timeout',
          shown: ['test/unit/engine/timeout.test.ts'],
          note: 'its `instance` is `/`',
        },
      ),
    ],
  },
];
