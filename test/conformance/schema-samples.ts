/**
 * Definitions that use what the examples of others do not: every one is valid by the language's schema. They are
 * material for the differential test, which takes them apart.
 */
const DOCUMENT = `document: { dsl: '1.0.3', namespace: samples, name: sample, version: '1.2.3-rc.1+build.5', title: t, summary: '**s**', tags: { a: b, n: 5 }, metadata: { x: [1] } }\n`;

export const SAMPLES: readonly string[] = [
  `input: { schema: { format: json, document: { type: object } }, from: .x }
output: { schema: { resource: { name: out, endpoint: { uri: 'https://x.y/s.json', authentication: { use: a } } } }, as: { r: '\${ . }' } }
timeout: { after: { hours: 1 } }
evaluate: { language: jq, mode: loose }
schedule: { on: { any: [ { with: { type: a.b, source: 'https://x.y/{z}', time: '2026-01-31T12:00:00Z' } } ], until: '\${ length > 3 }' }, read: envelope }
do: []`,
  `schedule: { every: PT5M }
do: []`,
  `schedule: { after: { minutes: 5, seconds: 1 }, cron: '0 0 * * *' }
do: []`,
  `schedule: { on: { all: [ { with: { type: x, data: '\${ .a }', dataschema: /s }, correlate: { c: { from: .id, expect: '5' } } } ] } }
do: []`,
  `use:
  secrets: [ a, b ]
  timeouts: { short: { after: PT1S }, long: { after: { days: 1, milliseconds: 5 } } }
  catalogs: { one: { endpoint: { uri: 'https://x.y' } }, two: { endpoint: 'https://x.z/{v}' } }
  errors: { e: { type: 'https://x.y/e', status: 400, title: T, detail: '\${ .d }', instance: /do/0/a }, f: { type: '\${ .t }', status: 500, instance: '\${ .i }' } }
  retries: { r: { when: .a, exceptWhen: .b, delay: { seconds: 1 }, backoff: { linear: {} }, limit: { attempt: { count: 3, duration: PT5S }, duration: PT1M }, jitter: { from: PT0S, to: PT1S } }, s: { delay: '\${ .d }', backoff: { constant: { z: 1 } } } }
  authentications:
    basic: { basic: { username: u, password: '\${ $secrets.a }' } }
    basicSecret: { basic: { use: a } }
    bearer: { bearer: { token: t }, note: open }
    bearerSecret: { bearer: { use: b } }
    digest: { digest: { username: u, password: p } }
    digestSecret: { digest: { use: a } }
    oauth2: { oauth2: { authority: 'https://x.y/{realm}', grant: client_credentials, client: { id: i, secret: s, authentication: client_secret_basic }, scopes: [ a ], audiences: [ b ], issuers: [ c ], request: { encoding: application/json, z: 1 }, endpoints: { token: /t, revocation: '/r/{x}', introspection: /i, z: 1 } } }
    exchange: { oauth2: { authority: 'https://x.y', grant: 'urn:ietf:params:oauth:grant-type:token-exchange', subject: { token: t, type: y }, actor: { token: t, type: y }, client: { assertion: a } } }
    oauth2Secret: { oauth2: { use: a } }
    oidc: { oidc: { authority: 'https://x.y', grant: password, username: u, password: p } }
    oidcSecret: { oidc: { use: a } }
  functions:
    get: { call: http, with: { method: get, endpoint: 'https://x.y/{id}' } }
    nested: { do: [ { a: { call: get, with: { id: 5 } } } ] }
  extensions:
    - log: { extend: all, when: '\${ $task.name == "a" }', before: [ { a: { set: { x: 1 } } } ], after: [ { b: { wait: PT1S } } ] }
    - mock: { extend: composite, before: [] }
do:
  - a: { call: get, with: { id: '\${ .id }' }, timeout: short }
  - b: { call: nested, timeout: { after: '\${ .t }' }, export: { as: .x, schema: { document: true } } }`,
  `do:
  - http: { call: http, if: .a, with: { method: post, endpoint: { uri: '\${ .u }', authentication: { basic: { use: s } } }, headers: { a: '\${ .h }' }, query: '\${ .q }', body: [ 1, { a: null } ], output: response, redirect: true } }
  - get: { call: http, with: { method: GET, endpoint: '{+base}/x{?q,r*}', headers: '\${ .h }', query: { a: b } }, metadata: { k: v } }
  - api: { call: openapi, with: { document: { name: d, endpoint: 'https://x.y/o.json' }, operationId: o, parameters: { p: '\${ .p }' }, authentication: { oidc: { authority: 'https://x.y', grant: client_credentials } }, output: raw, redirect: false } }
  - rpc: { call: grpc, with: { proto: { endpoint: 'https://x.y/p.proto' }, service: { name: S, host: grpc.x.y, port: 443, authentication: { bearer: { token: t } } }, method: M, arguments: { a: 1 } } }
  - mcp: { call: mcp, with: { protocolVersion: '2025-06-18', method: tools/call, parameters: { name: n, arguments: { a: 1 } }, timeout: PT10S, transport: { http: { endpoint: 'https://x.y/mcp', headers: { h: v } }, options: { o: v } }, client: { name: c, version: v } } }
  - mcpText: { call: mcp, with: { method: tools/list, parameters: .p, transport: { stdio: { command: c, arguments: [ a ], environment: { E: v } } } } }
  - async: { call: asyncapi, with: { document: { endpoint: 'https://x.y/a.json' }, operation: o, server: { name: s, variables: { v: 1 } }, protocol: kafka, message: { payload: { a: 1 }, headers: { h: 1 } }, authentication: { use: a } } }
  - subscribe: { call: asyncapi, with: { document: { endpoint: 'https://x.y/a.json' }, channel: c, subscription: { filter: '\${ .a }', consume: { for: PT1M, while: '\${ .b }' }, foreach: { item: i, at: n, do: [ { x: { wait: PT1S } } ], output: { as: .o }, export: { as: .e } } } } }
  - amount: { call: asyncapi, with: { document: { endpoint: 'https://x.y/a.json' }, operation: o, subscription: { consume: { amount: 5 } } } }
  - until: { call: asyncapi, with: { document: { endpoint: 'https://x.y/a.json' }, operation: o, subscription: { consume: { until: '\${ .b }' } } } }
  - agent: { call: a2a, with: { method: message/send, agentCard: { endpoint: 'https://x.y/card' }, parameters: { message: { a: 1 } } } }
  - agentText: { call: a2a, with: { method: tasks/get, server: { uri: 'https://x.y' }, parameters: .p } }`,
  `do:
  - f: { fork: { compete: true, branches: [ { a: { set: { x: 1 } } }, { b: { wait: { seconds: 1 } } } ] }, then: l }
  - l: { listen: { to: { one: { with: { type: t, id: i, subject: s, datacontenttype: c, data: { a: 1 }, ext: 5 } } }, read: raw }, foreach: { item: e, at: n, do: [ { x: { set: .e } } ], output: { as: .x, schema: { document: {} } }, export: { as: .y } } }
  - any: { listen: { to: { any: [], until: { all: [ { with: { type: z } } ] } } } }
  - anyUntil: { listen: { to: { any: [ { with: { source: '\${ .s }' } } ], until: { any: [] } } } }
  - em: { emit: { event: { with: { type: t, source: 'https://x.y', time: '\${ now }', data: '\${ .d }' }, note: 1 } } }
  - e2: { emit: { event: {} } }
  - loop: { for: { each: i, at: n, in: [ { a: 1 }, {} ] }, while: .w, do: [ { x: { set: { y: '\${ $i }' } } } ] }
  - loop2: { for: { in: .xs }, do: [] }
  - sw: { switch: [ { a: { when: .a, then: end } }, { b: { then: continue } } ] }
  - tr: { try: [ { x: { raise: { error: e } } } ], catch: { errors: { with: { type: t, status: 404, instance: i, title: t, detail: d, other: 5 }, z: 1 }, as: err, when: .a, exceptWhen: .b, retry: r, do: [ { y: { wait: PT1S } } ], then: exit } }
  - tr2: { try: [], catch: { retry: { backoff: { exponential: {} }, limit: { attempt: { count: -1 } } } } }
  - ra: { raise: { error: { type: 'https://x.y/{z}', status: 5, title: x, detail: y } }, input: { from: { a: '\${ .b }' }, schema: { format: 'json:2020-12', document: 5 } } }
  - rc: { run: { await: false, return: all, container: { image: i, name: n, command: c, ports: { '80': 8080 }, volumes: { a: b }, environment: { E: 1 }, stdin: s, arguments: [ a ], lifetime: { cleanup: eventually, after: PT1M }, pullPolicy: always } } }
  - rc2: { run: { container: { image: i, lifetime: { cleanup: never } } } }
  - rs: { run: { return: none, script: { language: js, code: x, stdin: s, arguments: [ a ], environment: { E: 1 } } } }
  - rs2: { run: { script: { language: python, source: { endpoint: 'https://x.y/s.py' } } } }
  - sh: { run: { shell: { command: ls, stdin: s, arguments: [ a ], environment: { E: 1 } }, return: stderr } }
  - rw: { run: { workflow: { namespace: n, name: n, version: latest, input: { a: '\${ .a }' } }, return: code, await: true } }
  - s: { set: .x, output: { as: .y, schema: { document: null } } }
  - w: { wait: P1Y2M3W4DT5H6M7.5S, timeout: t }
  - w2: { wait: '\${ .w }' }
  - d: { do: [ { d: { do: [ { d: { set: { a: { b: [ '\${ .c }' ] } } } } ] } } ] }`,
].map((text) => DOCUMENT + text);
