/** Documents of others, schemas and extensions. */
import { task, root, type Section } from '../feature.ts';

const PIN = 'test/unit/resources/pin.test.ts';
const EXTENSIONS = 'test/unit/engine/extensions.test.ts';
const PUBLISH = 'test/integration/resources/publish.test.ts';

const schema = (node: string): string => `{ input: { schema: ${node} }, set: { a: 1 } }`;
const ACCEPTED = { input: { a: 1 }, gives: { a: 1 } };

/** What is extended, by the value of `extend`. */
const EXTENDED: Readonly<Record<string, string>> = {
  call: "{ call: http, with: { method: get, endpoint: 'https://api.test/echo' } }",
  composite: '{ do: [ { a: { wait: PT1S } } ] }',
  emit: '{ emit: { event: { with: { type: x.y } } } }',
  for: "{ for: { in: '[1]' }, do: [ { a: { wait: PT1S } } ] }",
  listen: '{ listen: { to: { any: [] } } }',
  raise: "{ raise: { error: { type: 'https://x.y/e', status: 400 } } }",
  run: '{ run: { workflow: { namespace: n, name: n, version: "1.0.0" } } }',
  set: '{ set: { a: 1 } }',
  switch: '{ switch: [ { d: { then: continue } } ] }',
  try: '{ try: [ { a: { wait: PT1S } } ], catch: {} }',
  wait: '{ wait: PT1S }',
  all: '{ wait: PT1S }',
};

/** The extension takes the place of the task. */
const mocked = (extend: string, extended: string): string =>
  `use: { extensions: [ { x: { extend: ${extend}, before: [ { m: { set: { mocked: '\${ $task.name }' }, then: exit } } ] } } ] }\ndo: [ { t: ${extended} } ]`;

export const resourceSections: readonly Section[] = [
  {
    title: 'External resources',
    features: [
      task(
        '`endpoint`, http or https',
        schema("{ resource: { endpoint: 'https://api.test/schema.json' } }"),
        {
          input: 5,
          faults: 'validation',
          shown: [PIN, PUBLISH],
          note: 'fetched once, when the version is published, and kept with it',
        },
      ),
      root(
        '`endpoint` with authentication',
        `use: { secrets: [ s ] }\ndo: [ { t: ${schema("{ resource: { name: r, endpoint: { uri: 'https://api.test/secured-schema.json', authentication: { bearer: { use: s } } } } }")} } ]`,
        { ...ACCEPTED, secrets: { s: { token: 'hush' } }, shown: [PIN, PUBLISH] },
      ),
      task('`endpoint` on `file:`', schema("{ resource: { endpoint: 'file:///schema.json' } }")),
      task('`endpoint` that varies', schema("{ resource: { endpoint: 'https://api.test/{name}' } }")),
    ],
  },
  {
    title: 'Schemas',
    features: [
      task('`document`', schema('{ document: { type: object } }'), {
        ...ACCEPTED,
        shown: ['sdk-go/task_input_schema.yaml', 'test/unit/json-schema/keywords.test.ts'],
        note: 'JSON Schema 2020-12; `$schema` may name draft-07',
      }),
      task('`resource`', schema("{ resource: { endpoint: 'https://api.test/schema.json' } }"), {
        ...ACCEPTED,
        shown: [PIN],
      }),
      task(
        '`format: json`, `format: json:2020-12`',
        schema("{ format: 'json:2020-12', document: { type: object } }"),
        ACCEPTED,
      ),
      task('another `format`', schema('{ format: avro, document: { type: object } }')),
      task('`$ref` to another document', schema("{ document: { $ref: 'https://api.test/schema.json' } }")),
    ],
  },
  {
    title: 'Extensions',
    features: [
      ...Object.entries(EXTENDED).map(([extend, extended]) =>
        root(`\`extend: ${extend}\``, mocked(extend, extended), {
          gives: { mocked: 't' },
          shown: [EXTENSIONS],
        }),
      ),
      root('`when`', mocked('set, when: $task.name == "other"', '{ set: { a: 1 } }'), {
        gives: { a: 1 },
        shown: [EXTENSIONS, 'examples/mock-service-extension.yaml'],
      }),
      root(
        '`before`',
        'use: { extensions: [ { x: { extend: set, before: [ { m: { set: { b: 1 } } } ] } } ] }\ndo: [ { t: { set: { a: 1 } } } ]',
        {
          gives: { a: 1 },
          shown: [EXTENSIONS],
        },
      ),
      root('`before` with `then: exit`', mocked('set', '{ set: { a: 1 } }'), {
        gives: { mocked: 't' },
        shown: [EXTENSIONS],
      }),
      root(
        '`after`',
        `use: { extensions: [ { x: { extend: wait, after: [ { m: { raise: { error: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime', status: 500 } } } } ] } } ] }\ndo: [ { t: { wait: PT1S } } ]`,
        {
          faults: 'runtime',
          shown: [EXTENSIONS],
        },
      ),
    ],
  },
];
