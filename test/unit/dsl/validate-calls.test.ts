import { describe, expect, it } from 'vitest';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

/** Errors of one task, without the pointer of the task. */
const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`)).map((error) => error.replace('/do/0/t/with', ''));
const API = 'document: { endpoint: "https://x.y/api.json" }, operationId: get';
const GRPC = 'proto: { endpoint: "https://x.y/a.proto" }, method: M';

describe('call: openapi', () => {
  it.each([
    `{ call: openapi, with: { ${API} } }`,
    `{ call: openapi, with: { ${API}, parameters: { id: "\${ .id }" }, output: response, redirect: true, authentication: { bearer: { token: t } } } }`,
  ])('accepts %s', (task) => {
    expect(errorsIn(task)).toEqual([]);
  });

  it.each([
    ['{}', [': missing `document` and `operationId`; `call: openapi` needs `document` and `operationId`']],
    [`{ ${API}, parameters: .p }`, ['/parameters: `parameters` must be an object; it is a string']],
    [
      `{ ${API}, parameters: { a: "\${ .x + }" } }`,
      [expect.stringMatching(/^\/parameters\/a: the expression/)],
    ],
    [
      `{ ${API}, output: body }`,
      ['/output: `output` must be `raw`, `content` or `response`; it is `"body"`'],
    ],
    [
      '{ document: { endpoint: "https://x.y/{version}.json" }, operationId: o }',
      [
        '/document/endpoint: a document is fetched when the workflow is published: write its whole URL, without expressions and variables',
      ],
    ],
    [
      '{ document: { endpoint: { uri: "${ .url }" } }, operationId: o }',
      [
        '/document/endpoint/uri: a document is fetched when the workflow is published: write its whole URL, without expressions and variables',
      ],
    ],
    [
      '{ document: "https://x.y", operationId: o }',
      ['/document: `document` must be an object; it is a string'],
    ],
    [
      '{ document: { uri: "https://x.y" }, operationId: o }',
      [
        '/document/uri: unknown property `uri`; did you mean `endpoint`?',
        '/document: missing `endpoint`; `document` needs `endpoint`',
      ],
    ],
  ])('%s', (members, errors) => {
    expect(errorsIn(`{ call: openapi, with: ${members} }`)).toEqual(errors);
  });

  it('warns where the credentials of a document need what only a run has', () => {
    const document =
      'document: { endpoint: { uri: "https://x.y", authentication: { bearer: { token: "${ $input.t }" } } } }';
    expect(warningsOf(tasks(`- t: { call: openapi, with: { ${document}, operationId: o } }`))).toEqual([
      '/do/0/t/with/document/endpoint/authentication/bearer/token: `$input` is always null here; this is read when the workflow is published, before any run',
    ]);
  });
});

describe('call: grpc', () => {
  it('accepts a call with everything', () => {
    expect(
      errorsIn(
        `{ call: grpc, with: { ${GRPC}, service: { name: S, host: grpc.example.com, port: 443, authentication: { basic: { username: u, password: p } } }, arguments: { a: "\${ .a }" } } }`,
      ),
    ).toEqual([]);
  });

  it.each([
    ['service: { name: S }', ['/service: missing `host`; `service` needs `name` and `host`']],
    [
      'service: { name: S, host: "x.y:443" }',
      [
        '/service/host: `x.y:443` is not a host name such as `grpc.example.com` (1 to 63 letters, digits, dots and hyphens, without a port)',
      ],
    ],
    [
      'service: { name: S, host: x, port: 70000 }',
      ['/service/port: `port` must be at most 65535 and not negative'],
    ],
    [
      'service: { name: S, host: x, port: "443" }',
      ['/service/port: `port` must be a whole number; it is a string'],
    ],
    ['service: { name: S, host: x, port: 0 }', ['/service/port: `port` must be at least 1']],
    [
      'service: { name: S, host: x, authentication: { digest: { username: u, password: p } } }',
      [
        '/service/authentication: `digest` needs a challenge of HTTP, which gRPC has not; use `bearer` or `basic`',
      ],
    ],
    [
      'service: { name: S, host: x }, arguments: [ 1 ]',
      ['/arguments: `arguments` must be an object; it is a list'],
    ],
  ])('%s', (members, errors) => {
    expect(errorsIn(`{ call: grpc, with: { ${GRPC}, ${members} } }`)).toEqual(errors);
  });

  it('refuses a digest from `use.authentications` too', () => {
    const definition = workflow(`
use: { authentications: { d: { digest: { username: u, password: p } } } }
do: [ { t: { call: grpc, with: { ${GRPC}, service: { name: S, host: x, authentication: { use: d } } } } } ]`);
    expect(errorsOf(definition)).toEqual([expect.stringContaining('`digest` needs a challenge of HTTP')]);
  });
});

describe('call: mcp', () => {
  const HTTP = 'transport: { http: { endpoint: "https://x.y/mcp" } }';
  it.each([
    `{ method: tools/list, ${HTTP} }`,
    `{ method: tools/call, parameters: { name: n, arguments: { a: "\${ .a }" } }, timeout: PT10S, client: { name: c, version: '1' }, protocolVersion: '2025-06-18', ${HTTP} }`,
    `{ method: tools/call, parameters: .p, ${HTTP} }`,
  ])('accepts %s', (members) => {
    expect(errorsIn(`{ call: mcp, with: ${members} }`)).toEqual([]);
  });

  it.each([
    [`{ method: tools, ${HTTP} }`, [expect.stringMatching(/^\/method: `method` must be `tools\/list`, /)]],
    [
      '{ method: tools/list, transport: {} }',
      ['/transport: `transport` must have exactly one of `http` or `stdio`; it has none'],
    ],
    [
      '{ method: tools/list, transport: { http: { url: "https://x.y" } } }',
      [
        '/transport/http/url: unknown property `url`; did you mean `endpoint`?',
        '/transport/http: missing `endpoint`; `http` needs `endpoint`',
      ],
    ],
    [`{ method: tools/list, ${HTTP}, timeout: PT0S }`, ['/timeout: `timeout` must be longer than nothing']],
    [
      `{ method: tools/list, ${HTTP}, client: { name: c } }`,
      ['/client: missing `version`; `client` needs `name` and `version`'],
    ],
    [
      `{ method: tools/list, ${HTTP}, paramters: {} }`,
      ['/paramters: unknown property `paramters`; did you mean `parameters`?'],
    ],
  ])('%s', (members, errors) => {
    expect(errorsIn(`{ call: mcp, with: ${members} }`)).toEqual(errors);
  });
});

describe('call: a function', () => {
  const definition = (task: string, functions = '{ double: { set: "${ .n * 2 }" } }') =>
    workflow(`use: { functions: ${functions} }\ndo: [ { t: ${task} } ]`);

  it('is one of `use.functions`, with an object or without', () => {
    expect(errorsOf(definition('{ call: double, with: { n: "${ .x }" } }'))).toEqual([]);
    expect(errorsOf(definition('{ call: double }'))).toEqual([]);
    expect(errorsOf(definition('{ call: double, with: 5 }'))).toEqual([
      '/do/0/t/with: `with` must be an object; it is a number',
    ]);
    expect(errorsOf(definition('{ call: duoble }'))).toEqual([
      '/do/0/t/call: there is no call `duoble`, and no function of that name in `use.functions`; did you mean `double`?',
    ]);
    expect(errorsOf(definition('{ call: triple }'))).toEqual([
      '/do/0/t/call: there is no call `triple`, and no function of that name in `use.functions`; it has `double`',
    ]);
  });

  it('is checked where it is defined, once, in a scope of its own', () => {
    const functions = '{ f: { set: { a: "${ $item }" } }, g: { call: g, then: t }, http: { wait: PT1S } }';
    const loop = '{ for: { in: .xs }, do: [ { a: { call: f } }, { b: { call: f } } ] }';
    expect(errorsOf(definition(loop, functions))).toEqual([
      expect.stringMatching(/^\/use\/functions\/f\/set\/a: `\$item` is not defined here/),
      '/use/functions/g/then: a branch or a function leads to no other task; `then` may be `continue`, `exit` or `end`',
    ]);
  });

  it('may call itself', () => {
    expect(errorsOf(definition('{ call: f }', '{ f: { do: [ { again: { call: f } } ] } }'))).toEqual([]);
  });

  it('cannot be called by the name of a call', () => {
    expect(warningsOf(definition('{ wait: PT1S }', '{ http: { wait: PT1S } }'))).toEqual([
      '/use/functions/http: no `call` can lead to a function named `http`: it means the call',
    ]);
  });
});
