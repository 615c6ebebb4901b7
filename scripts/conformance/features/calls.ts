/** Calls, and runs of other things. */
import { task, root, type Section } from '../feature.ts';

const REQUEST = 'test/unit/tasks/call-http-request.test.ts';
const RESPONSE = 'test/unit/tasks/call-http-response.test.ts';
const OPENAPI = 'test/unit/tasks/openapi/call.test.ts';

const http = (rest: string, as: string): string =>
  `{ call: http, with: { ${rest} }, output: { as: '${as}' } }`;
const GET = "method: get, endpoint: 'https://api.test/echo'";

const openapi = (rest: string, as = '.url', document = 'https://api.test/openapi.json'): string =>
  `{ call: openapi, with: { document: { endpoint: '${document}' }, operationId: getPet, ${rest} }, output: { as: '${as}' } }`;
const PET = 'https://api.test/pets/7';

export const httpSections: readonly Section[] = [
  {
    title: '`call: http`',
    features: [
      task('`method`', http("method: delete, endpoint: 'https://api.test/echo'", '.method'), {
        gives: 'DELETE',
      }),
      task(
        '`endpoint`, a URI template',
        http("method: get, endpoint: 'https://api.test/{path}{?a*}'", '.url'),
        {
          input: { path: 'echo', a: 1 },
          gives: 'https://api.test/echo?a=1',
          shown: ['ctk: Call HTTP With Content Output', 'test/unit/tasks/uri-template.test.ts'],
          note: 'over the top-level members of the input',
        },
      ),
      task(
        '`endpoint`, an expression',
        http(`method: get, endpoint: '\${ "https://api.test/" + .p }'`, '.url'),
        {
          input: { p: 'echo' },
          gives: 'https://api.test/echo',
          shown: ['examples/call-http-endpoint-interpolation.yaml'],
        },
      ),
      task('`endpoint`, an object', http("method: get, endpoint: { uri: 'https://api.test/echo' }", '.url'), {
        gives: 'https://api.test/echo',
      }),
      task(
        '`endpoint.authentication`',
        http(
          "method: get, endpoint: { uri: 'https://api.test/echo', authentication: { basic: { username: u, password: p } } }",
          '.authorization',
        ),
        { gives: 'Basic dTpw', shown: ['ctk: Call HTTP Using Basic Authentication'] },
      ),
      task('`headers`', http(`${GET}, headers: { authorization: '\${ .h }' }`, '.authorization'), {
        input: { h: 'mine' },
        gives: 'mine',
        shown: [REQUEST],
      }),
      task('`headers`, an expression', http(`${GET}, headers: '\${ . }'`, '.authorization'), {
        input: { authorization: 'mine' },
        gives: 'mine',
        shown: ['examples/call-http-query-headers-expressions.yaml'],
      }),
      task('`query`', http(`${GET}, query: { a: 'b c' }`, '.url'), {
        gives: 'https://api.test/echo?a=b%20c',
        shown: ['examples/call-http-query-parameters.yaml'],
      }),
      task(
        '`body`',
        http(`method: post, endpoint: 'https://api.test/echo', body: { a: '\${ .b }' }`, '.body'),
        {
          input: { b: 1 },
          gives: '{"a":1}',
          shown: [REQUEST],
        },
      ),
      task('`output: content`', http(`${GET}, output: content`, 'type'), {
        gives: 'object',
        shown: ['ctk: Call HTTP With Content Output'],
      }),
      task('`output: response`', http(`${GET}, output: response`, 'keys_unsorted'), {
        gives: ['request', 'statusCode', 'headers', 'content'],
        shown: ['ctk: Call HTTP With Response Output'],
      }),
      task('`output: raw`', http(`${GET}, output: raw`, '@base64d | fromjson | .method'), {
        gives: 'GET',
        shown: [RESPONSE],
      }),
      task('`redirect`', http("method: get, endpoint: 'https://api.test/status/304', redirect: true", '.'), {
        gives: null,
        shown: ['examples/call-http-redirect.yaml', 'test/unit/egress/redirect.test.ts'],
        note: 'follows up to 5, each checked by the egress guard',
      }),
      task('a `file:` endpoint', http("method: get, endpoint: 'file:///etc/hosts'", '.')),
    ],
  },
  {
    title: '`call: openapi`',
    features: [
      task('`document` of OpenAPI 3, `operationId`', openapi('parameters: { petId: 7 }'), {
        gives: PET,
        shown: [OPENAPI],
      }),
      task(
        '`document` of Swagger 2.0',
        openapi('parameters: { petId: 7 }', '.url', 'https://api.test/swagger.json'),
        {
          gives: PET,
          shown: ['ctk: Call OpenAPI With Content Output'],
        },
      ),
      task('`parameters`', openapi("parameters: { petId: '${ .id }' }"), {
        input: { id: 7 },
        gives: PET,
        shown: ['test/unit/tasks/openapi/parameters.test.ts', 'test/unit/tasks/openapi/body.test.ts'],
        note: 'path, query, header and cookie by name; the rest is the body',
      }),
      task(
        '`authentication`',
        openapi('parameters: { petId: 7 }, authentication: { bearer: { token: hush } }', '.authorization'),
        {
          gives: 'Bearer hush',
          shown: [OPENAPI],
        },
      ),
      task('`output`', openapi('parameters: { petId: 7 }, output: response', '.statusCode'), {
        gives: 200,
        shown: ['ctk: Call OpenAPI With Response Output'],
      }),
      task('`redirect`', openapi('parameters: { petId: 7 }, redirect: true'), {
        gives: PET,
        shown: ['examples/call-openapi-redirect.yaml'],
      }),
    ],
  },
];

export const processSections: readonly Section[] = [
  {
    title: '`call: <function>`',
    features: [
      root(
        'a function of `use.functions`',
        "use: { functions: { f: { set: { b: '${ .a }' } } } }\ndo: [ { t: { call: f, with: { a: 2 } } } ]",
        {
          gives: { b: 2 },
          shown: ['examples/call-custom-function-inline.yaml', 'test/unit/tasks/call-function.test.ts'],
        },
      ),
      root(
        'without `with`',
        "use: { functions: { f: { set: { b: '${ .a }' } } } }\ndo: [ { t: { call: f } } ]",
        {
          input: { a: 3 },
          gives: { b: 3 },
          note: 'the input of the call',
        },
      ),
      task('by URL', "{ call: 'https://api.test/function.yaml' }"),
      task('of a catalog', "{ call: 'log:1.0.0@mine' }"),
    ],
  },
  {
    title: '`call: asyncapi`, `call: a2a`',
    features: [
      task(
        '`call: asyncapi`: `document`, `operation`, `server`, `protocol`, `message`, `authentication`',
        "{ call: asyncapi, with: { document: { endpoint: 'https://api.test/a.json' }, operation: o, server: { name: s, variables: { v: 1 } }, protocol: kafka, message: { payload: {}, headers: {} }, authentication: { bearer: { token: t } } } }",
      ),
      task(
        '`call: asyncapi`: `channel`, `subscription` (`filter`, `consume`, `foreach`)',
        "{ call: asyncapi, with: { document: { endpoint: 'https://api.test/a.json' }, channel: c, subscription: { filter: '${ .a }', consume: { for: PT1M, amount: 1 }, foreach: { item: m, do: [ { s: { set: { a: 1 } } } ] } } } }",
      ),
      task(
        '`call: a2a`: `method`, `server`, `parameters`',
        "{ call: a2a, with: { method: message/send, server: 'https://api.test', parameters: { message: {} } } }",
      ),
      task(
        '`call: a2a`: `agentCard`',
        "{ call: a2a, with: { method: message/stream, agentCard: { endpoint: 'https://api.test/card' } } }",
      ),
    ],
  },
  {
    title: '`run`',
    features: [
      task('`workflow`', '{ run: { workflow: { namespace: n, name: n, version: "1.0.0" } } }', {
        gives: 'child',
        shown: [
          'examples/run-subflow.yaml',
          'test/unit/tasks/run-workflow.test.ts',
          'test/integration/worker/children.test.ts',
        ],
        note: 'of the same org; as deep as the platform allows',
      }),
      task(
        '`workflow.version: latest`',
        '{ run: { workflow: { namespace: n, name: n, version: latest } } }',
        {
          gives: 'child',
          shown: ['test/integration/worker/children.test.ts'],
        },
      ),
      task(
        '`workflow.input`',
        '{ run: { workflow: { namespace: n, name: n, version: "1.0.0", input: { a: "${ .b }" } } } }',
        {
          gives: 'child',
          shown: ['test/unit/tasks/run-workflow.test.ts'],
        },
      ),
      task(
        '`await: false`',
        '{ run: { await: false, workflow: { namespace: n, name: n, version: "1.0.0" } } }',
        {
          input: 1,
          gives: 1,
          shown: ['test/unit/tasks/run-workflow.test.ts'],
        },
      ),
      task('`return`', '{ run: { return: all, workflow: { namespace: n, name: n, version: "1.0.0" } } }', {
        gives: 'child',
        note: 'a workflow has an output only: `return` has no meaning for it',
      }),
      task(
        '`container`: `image`, `name`, `command`, `ports`, `volumes`, `environment`, `stdin`, `arguments`, `lifetime`, `pullPolicy`; `return`',
        '{ run: { return: all, container: { image: alpine, name: n, command: c, ports: { "80": 80 }, volumes: { a: b }, environment: { E: 1 }, stdin: s, arguments: [ a ], lifetime: { cleanup: eventually, after: PT1M }, pullPolicy: always } } }',
      ),
      task(
        '`script`: `language`, `code`, `stdin`, `arguments`, `environment`; `return`',
        '{ run: { return: stdout, script: { language: js, code: "1", stdin: s, arguments: [ a ], environment: { E: 1 } } } }',
      ),
      task(
        '`script`: `source`',
        "{ run: { script: { language: python, source: { endpoint: 'https://api.test/s.py' } } } }",
      ),
      task(
        '`shell`: `command`, `stdin`, `arguments`, `environment`; `return`',
        '{ run: { return: code, shell: { command: ls, stdin: s, arguments: [ a ], environment: { E: 1 } } } }',
      ),
    ],
  },
];
