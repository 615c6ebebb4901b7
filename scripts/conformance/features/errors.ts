/** Errors: raised, caught, retried, and those that the runtime makes. */
import { task, root, type Section } from '../feature.ts';

const TRY = 'test/unit/tasks/try.test.ts';
const RETRY = 'test/unit/tasks/retry.test.ts';
const TIMEOUT = 'test/unit/engine/timeout.test.ts';

const BASE = 'https://serverlessworkflow.io/spec/1.0.0/errors/';
const failing = (rest: string, status = 503): string =>
  `{ try: [ { x: { call: http, with: { method: get, endpoint: 'https://api.test/status/${status}' } } } ], catch: ${rest} }`;
const raising = (rest: string): string =>
  `{ try: [ { x: { raise: { error: { type: 'https://x.y/e', status: 418, title: T, detail: D } } } } ], catch: ${rest} }`;
const handled = 'do: [ { h: { set: { handled: true } } } ]';
const HANDLED = { gives: { handled: true } };
/** Retries once, then hands over. */
const retried = (policy: string): string =>
  failing(`{ retry: { limit: { attempt: { count: 1 } }, ${policy} }, ${handled} }`);

const typed = (type: string): string => failing(`{ errors: { with: { type: '${type}' } }, ${handled} }`);

export const errorSections: readonly Section[] = [
  {
    title: '`raise`',
    features: [
      task('an error in place', `{ raise: { error: { type: '${BASE}validation', status: 400 } } }`, {
        faults: 'validation',
        shown: ['ctk: Raise task with inline error'],
      }),
      root(
        'an error of `use.errors`',
        `use: { errors: { e: { type: '${BASE}authorization', status: 403 } } }\ndo: [ { t: { raise: { error: e } } } ]`,
        { faults: 'authorization', shown: ['sdk-go/raise_reusable.yaml', 'examples/raise-reusable.yaml'] },
      ),
      root(
        '`title`, `detail`, `type`, `instance` by expressions',
        `do: [ { t: { try: [ { x: { raise: { error: { type: '\${ .t }', status: 400, title: '\${ "T" }', detail: '\${ "D \\(.n)" }', instance: '\${ "/i" }' } } } } ], catch: { do: [ { h: { set: '\${ $error }' } } ] } } } ]`,
        {
          input: { t: 'https://x.y/z', n: 5 },
          gives: { type: 'https://x.y/z', status: 400, title: 'T', detail: 'D 5', instance: '/i' },
          shown: ['sdk-go/raise_error_with_input.yaml'],
        },
      ),
      root(
        'a default `title` and `instance`',
        `do: [ { t: { try: [ { x: { raise: { error: { type: '${BASE}timeout', status: 408 } } } } ], catch: { do: [ { h: { set: '\${ $error }' } } ] } } } ]`,
        {
          gives: { type: `${BASE}timeout`, status: 408, title: 'Timeout', instance: '/do/0/t/try/0/x' },
          note: 'a JSON pointer into the definition',
        },
      ),
    ],
  },
  {
    title: '`try` and `catch`',
    features: [
      task('`catch` of every error', raising(`{ ${handled} }`), { ...HANDLED, shown: [TRY] }),
      task('`errors.with.type`', typed(`${BASE}communication`), {
        ...HANDLED,
        shown: ['examples/try-catch.yaml'],
      }),
      task(
        '`errors.with.type` on the new host',
        typed('https://open-workflow-specification.org/spec/1.0.0/errors/communication'),
        { ...HANDLED, shown: ['examples-main/try-catch.yaml'] },
      ),
      task(
        '`errors.with.type` as the kit writes it',
        typed('https://serverlessworkflow.io/dsl/errors/types/communication'),
        { ...HANDLED, shown: ['ctk: Try Handle Caught Error'] },
      ),
      task('`errors.with.status`', raising(`{ errors: { with: { status: 418 } }, ${handled} }`), HANDLED),
      task('`errors.with.title`', raising(`{ errors: { with: { title: T } }, ${handled} }`), HANDLED),
      task('`errors.with.detail`', raising(`{ errors: { with: { detail: D } }, ${handled} }`), HANDLED),
      task(
        '`errors.with.instance`',
        raising(`{ errors: { with: { instance: /do/0/t/try/0/x } }, ${handled} }`),
        HANDLED,
      ),
      task('an error that does not match', failing('{ errors: { with: { status: 404 } } }'), {
        faults: 'communication',
        shown: ['ctk: Try Raise Uncaught Error'],
      }),
      task('`as`', raising('{ as: e, do: [ { h: { set: { s: "${ $e.status }" } } } ] }'), {
        gives: { s: 418 },
        shown: ['ctk: Try Handle Caught Error'],
      }),
      task('`when`', raising(`{ when: $error.status == 418, ${handled} }`), { ...HANDLED, shown: [TRY] }),
      task('`exceptWhen`', failing(`{ exceptWhen: .status == 503, ${handled} }`), {
        faults: 'communication',
        shown: [TRY],
      }),
      task('`do`', raising(`{ ${handled} }`), { ...HANDLED, shown: ['ctk: Try Handle Caught Error'] }),
      root(
        '`then`',
        "do: [ { t: { try: [ { x: { raise: { error: { type: 'https://x.y/e', status: 418 } } } } ], catch: { then: c } } }, { b: { set: { r: b } } }, { c: { set: { r: c } } } ]",
        { gives: { r: 'c' }, shown: ['examples-main/try-catch-then-directive.yaml'] },
      ),
      task('none of `do`, `then` and `retry`', raising('{}'), {
        input: 1,
        gives: 1,
        shown: ['examples/try-catch.yaml'],
        note: 'the error is swallowed; the output is the input of the `try`',
      }),
    ],
  },
  {
    title: '`retry`',
    features: [
      task('`limit.attempt.count`', failing('{ retry: { limit: { attempt: { count: 2 } } } }'), {
        faults: 'communication',
        shown: ['examples/try-catch-retry-inline.yaml', RETRY],
        note: 'the number of retries; 20 when no limit is given',
      }),
      task(
        '`limit.attempt.duration`',
        '{ try: [ { x: { wait: PT5S } } ], catch: { retry: { limit: { attempt: { count: 1, duration: PT1S } } } } }',
        {
          faults: 'timeout',
          shown: [TIMEOUT],
          note: 'of each attempt',
        },
      ),
      task('`limit.duration`', failing(`{ retry: { delay: PT2S, limit: { duration: PT3S } } }`), {
        faults: 'timeout',
        shown: [RETRY],
        note: 'of all attempts and delays together',
      }),
      task('`delay`', retried('delay: PT3S'), { ...HANDLED, shown: [RETRY], note: 'grows to 1 h at most' }),
      task('`backoff.constant`', retried('delay: PT1S, backoff: { constant: {} }'), {
        ...HANDLED,
        shown: [RETRY],
      }),
      task('`backoff.linear`', retried('delay: PT1S, backoff: { linear: {} }'), {
        ...HANDLED,
        shown: [RETRY],
      }),
      task('`backoff.exponential`', retried('delay: PT1S, backoff: { exponential: {} }'), {
        ...HANDLED,
        shown: ['examples/try-catch-retry-inline.yaml', RETRY],
      }),
      task('`jitter`', retried('delay: PT1S, jitter: { from: PT0S, to: PT1S }'), {
        ...HANDLED,
        shown: [RETRY],
      }),
      task('`when`', retried('when: .status == 503'), { ...HANDLED, shown: [RETRY] }),
      task('`exceptWhen`', retried('exceptWhen: $error.status == 503'), { ...HANDLED, shown: [RETRY] }),
    ],
  },
  {
    title: 'Standard errors, as the runtime makes them',
    features: [
      task('`configuration`', '{ run: { workflow: { namespace: n, name: n, version: "1.0.0" } } }', {
        shown: ['test/unit/tasks/run-workflow.test.ts'],
        note: 'what turns out wrong when it runs: a workflow that is not there, a secret of the wrong form',
      }),
      task('`validation`', '{ input: { schema: { document: false } }, set: { a: 1 } }', {
        faults: 'validation',
      }),
      task('`expression`', `{ set: { a: '\${ error("x") }' } }`, {
        faults: 'expression',
        shown: ['test/unit/engine/expression.test.ts'],
      }),
      task(
        '`authentication`',
        "{ call: http, with: { method: get, endpoint: 'https://api.test/status/401' } }",
        {
          faults: 'authentication',
        },
      ),
      task(
        '`authorization`',
        "{ call: http, with: { method: get, endpoint: 'https://api.test/status/403' } }",
        {
          faults: 'authorization',
          note: 'also a secret that the org does not have, and what the egress guard refuses',
        },
      ),
      task('`timeout`', '{ wait: PT2S, timeout: { after: PT1S } }', { faults: 'timeout' }),
      task(
        '`communication`',
        "{ call: http, with: { method: get, endpoint: 'https://api.test/status/500' } }",
        {
          faults: 'communication',
        },
      ),
      task('`runtime`', '{ set: { a: 1 }, then: t }', {
        faults: 'runtime',
        shown: ['test/unit/engine/interruption.test.ts'],
        note: '`MAX_RUN_STEPS` here',
      }),
    ],
  },
];
