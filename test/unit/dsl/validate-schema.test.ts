import { describe, expect, it } from 'vitest';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

const errorsIn = (schema: string): string[] =>
  errorsOf(workflow(`do: []\ninput: { schema: ${schema} }`)).map((error) =>
    error.replace('/input/schema', ''),
  );

describe('schemas of input, output and context', () => {
  it.each([
    '{ document: { type: object, required: [ a ] } }',
    '{ format: json, document: true }',
    '{ format: "json:2020-12", document: {} }',
    '{ resource: { endpoint: "https://x.y/schema.json" } }',
  ])('accepts %s', (schema) => {
    expect(errorsIn(schema)).toEqual([]);
  });

  it.each([
    ['5', [': `input.schema` must be an object; it is a number']],
    ['{}', [': `input.schema` must have exactly one of `document` or `resource`; it has none']],
    [
      '{ document: {}, resource: { endpoint: "https://x.y" } }',
      [
        ': `input.schema` must have exactly one of `document` or `resource`; it has `document` and `resource`',
      ],
    ],
    [
      '{ format: avro, document: {} }',
      ['/format: `avro` is not a format that is read here; write `json`, or `json:` and a dialect'],
    ],
    ['{ document: text }', ['/document: a JSON schema is an object, or true or false']],
    [
      '{ resource: { endpoint: "https://x.y/{v}" } }',
      [
        '/resource/endpoint: a document is fetched when the workflow is published: write its whole URL, without expressions and variables',
      ],
    ],
    ['{ document: { type: 5 } }', [expect.stringMatching(/^\/document\/type: /)]],
  ])('%s', (schema, errors) => {
    expect(errorsIn(schema)).toEqual(errors);
  });

  it('stand at every stage of a task', () => {
    const broken = 'schema: { document: { type: 5 } }';
    expect(
      errorsOf(
        tasks(
          `- t: { wait: PT1S, input: { ${broken} }, output: { ${broken} }, export: { as: ., ${broken} } }`,
        ),
      ).map((error) => error.slice(0, error.indexOf(':'))),
    ).toEqual(['input', 'output', 'export'].map((stage) => `/do/0/t/${stage}/schema/document/type`));
  });

  it('warns of a schema of the context without `export.as`', () => {
    expect(warningsOf(tasks('- t: { wait: PT1S, export: { schema: { document: {} } } }'))).toEqual([
      '/do/0/t/export/schema: `export.schema` is not looked at without `export.as`, which sets the context',
    ]);
  });
});
