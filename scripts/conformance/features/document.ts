/** The workflow itself: its document, its data, its reusable components, its limits. */
import { root, type Section } from '../feature.ts';

const BODY = 'do: [ { t: { set: { a: 1 } } } ]';
const DATA_FLOW = 'test/unit/engine/data-flow.test.ts';

export const documentSections: readonly Section[] = [
  {
    title: 'Workflow',
    features: [
      root('`document.dsl`, `namespace`, `name`, `version`', BODY, {
        gives: { a: 1 },
        note: '1.0.0 pre-releases to below 2',
      }),
      root('`document.dsl` 1.0.0-alpha5', BODY, { dsl: '1.0.0-alpha5', gives: { a: 1 } }),
      root('`document.dsl` before 1', BODY, { dsl: '0.8.0' }),
      root('`document.dsl` from 2 on', BODY, { dsl: '2.0.0' }),
      root(
        '`title`, `summary`, `tags`, `metadata`',
        `document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0', title: T, summary: '*s*', tags: { k: v }, metadata: { m: 1 } }
do: [ { t: { set: { a: '\${ $workflow.definition.document.title }' } } } ]`,
        { gives: { a: 'T' }, note: 'kept as they are' },
      ),
      root('`do`', BODY, { gives: { a: 1 } }),
      root('`do: []`', 'do: []', { input: { a: 2 }, gives: { a: 2 }, note: 'the output is the input' }),
      root('`input.schema`', `input: { schema: { document: { type: object } } }\n${BODY}`, {
        input: 5,
        faults: 'validation',
        shown: ['sdk-go/workflow_input_schema.yaml', 'test/integration/accept/input-schema.test.ts'],
        note: 'the API answers 422 before there is a run',
      }),
      root('`input.from`', 'input: { from: .b }\ndo: []', { input: { b: 3 }, gives: 3, shown: [DATA_FLOW] }),
      root('`output.as`', `output: { as: { b: '\${ .a }' } }\n${BODY}`, {
        gives: { b: 1 },
        shown: ['sdk-go/sequential_set_colors_output_as.yaml'],
      }),
      root('`output.schema`', `output: { schema: { document: { type: string } } }\n${BODY}`, {
        faults: 'validation',
        shown: [DATA_FLOW],
      }),
      root('`timeout`', `timeout: { after: PT5S }\ndo: [ { t: { wait: PT6S } } ]`, {
        faults: 'timeout',
        shown: ['test/unit/engine/timeout.test.ts'],
      }),
      root('`evaluate.language: jq`', `evaluate: { language: jq }\n${BODY}`, { gives: { a: 1 } }),
      root('`evaluate.language`, another', `evaluate: { language: javascript }\n${BODY}`),
      root('`evaluate.mode: strict`', "evaluate: { mode: strict }\ndo: [ { t: { set: { a: '.b' } } } ]", {
        input: { b: 1 },
        gives: { a: '.b' },
      }),
      root('`evaluate.mode: loose`', "evaluate: { mode: loose }\ndo: [ { t: { set: { a: '.b' } } } ]", {
        input: { b: 1 },
        gives: { a: 1 },
        shown: ['test/unit/engine/expression.test.ts'],
      }),
    ],
  },
  {
    title: 'Reusable components (`use`)',
    features: [
      root(
        '`authentications`',
        `use: { authentications: { a: { bearer: { token: hush } } } }
do: [ { t: { call: http, with: { method: get, endpoint: { uri: 'https://api.test/echo', authentication: { use: a } } }, output: { as: .authorization } } } ]`,
        { gives: 'Bearer hush', shown: ['examples/authentication-reusable.yaml'] },
      ),
      root('`catalogs`', `use: { catalogs: { c: { endpoint: 'https://api.test' } } }\n${BODY}`),
      root(
        '`errors`',
        `use: { errors: { e: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime', status: 500 } } }
do: [ { t: { raise: { error: e } } } ]`,
        { faults: 'runtime', shown: ['examples/raise-reusable.yaml'] },
      ),
      root('`extensions`', `use: { extensions: [ { x: { extend: set, before: [] } } ] }\n${BODY}`, {
        gives: { a: 1 },
        note: 'see Extensions',
      }),
      root('`functions`', `use: { functions: { f: { set: { b: 2 } } } }\ndo: [ { t: { call: f } } ]`, {
        gives: { b: 2 },
        shown: ['examples/call-custom-function-inline.yaml', 'test/unit/tasks/call-function.test.ts'],
      }),
      root(
        '`retries`',
        `use: { retries: { r: { limit: { attempt: { count: 1 } } } } }
do: [ { t: { try: [ { x: { call: http, with: { method: get, endpoint: 'https://api.test/status/503' } } } ], catch: { retry: r } } } ]`,
        { faults: 'communication', shown: ['examples/try-catch-retry-reusable.yaml'] },
      ),
      root('`secrets`', `use: { secrets: [ s ] }\ndo: [ { t: { set: { a: '\${ $secrets.s }' } } } ]`, {
        secrets: { s: 'hush' },
        gives: { a: 'hush' },
        shown: ['test/integration/secrets/routes.test.ts', 'test/integration/secrets/load.test.ts'],
        note: 'only the names listed here; redacted in the timeline, in errors and in logs',
      }),
      root(
        '`timeouts`',
        `use: { timeouts: { short: { after: PT1S } } }\ndo: [ { t: { wait: PT2S, timeout: short } } ]`,
        {
          faults: 'timeout',
          shown: ['test/unit/engine/timeout.test.ts'],
        },
      ),
    ],
  },
];
