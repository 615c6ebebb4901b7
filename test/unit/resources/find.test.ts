import { parse } from 'yaml';
import { expect, it } from 'vitest';
import type { Json } from '../../../lib/jq/index.ts';
import { findResources } from '../../../lib/resources/find.ts';

const DEFINITION = `
input: { schema: { resource: { endpoint: https://a.example/input } } }
output: { schema: { document: { type: object } } }
use:
  functions:
    'get/pet':
      call: openapi
      with: { document: { endpoint: https://a.example/function }, operationId: a }
  extensions:
    - log:
        extend: all
        before: [ { first: { call: grpc, with: { proto: { endpoint: https://a.example/before } } } } ]
        after: [ { last: { set: {}, output: { schema: { resource: { endpoint: https://a.example/after } } } } } ]
do:
  - plain: { call: http, with: { document: { endpoint: https://a.example/not-this } } }
  - both:
      fork:
        branches:
          - one: { call: openapi, with: { document: { endpoint: https://a.example/branch } } }
  - careful:
      try: [ { a~b: { set: {}, export: { schema: { resource: { endpoint: https://a.example/try } } } } } ]
      catch: { do: [ { caught: { set: {}, input: { schema: { resource: { endpoint: https://a.example/catch } } } } } ] }
  - loop:
      for: { in: .items }
      do:
        - nested:
            do: [ { deep: { call: grpc, with: { proto: { endpoint: https://a.example/deep } } } } ]
  - data: { set: { call: openapi, with: { document: { endpoint: https://a.example/data } } } }
`;

it('finds every resource at any depth with its JSON pointer, and takes no data for one', () => {
  const definition = parse(DEFINITION) as Json;
  const uses = findResources(definition);
  expect(uses.map(({ kind, pointer }) => `${kind} ${pointer}`)).toEqual([
    'schema /input/schema/resource',
    'openapi /do/1/both/fork/branches/0/one/with/document',
    'schema /do/2/careful/try/0/a~0b/export/schema/resource',
    'schema /do/2/careful/catch/do/0/caught/input/schema/resource',
    'proto /do/3/loop/do/0/nested/do/0/deep/with/proto',
    'openapi /use/functions/get~1pet/with/document',
    'proto /use/extensions/0/log/before/0/first/with/proto',
    'schema /use/extensions/0/log/after/0/last/output/schema/resource',
  ]);
  for (const { pointer, node } of uses) expect(node).toBe(at(definition, pointer));
});

function at(value: Json, pointer: string): unknown {
  const keys = pointer.slice(1).split('/');
  return keys.reduce<unknown>((found, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return (found as { [name: string]: unknown })[name];
  }, value);
}
