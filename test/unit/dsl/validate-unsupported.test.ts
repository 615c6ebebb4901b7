import { describe, expect, it } from 'vitest';
import { errorsOf, tasks, workflow } from './definitions.ts';

describe('what is not supported yet is refused with one problem, whatever is inside', () => {
  it.each([
    ['{ fork: { branches: nonsense } }', '/do/0/t/fork: `fork` is not supported yet'],
    ['{ emit: { event: {} } }', '/do/0/t/emit: `emit` is not supported yet'],
    ['{ listen: { to: { any: [] } }, foreach: { do: 5 } }', '/do/0/t/listen: `listen` is not supported yet'],
    ['{ run: { workflow: { name: x } } }', '/do/0/t/run: `run: workflow` is not supported yet'],
    ['{ call: grpc, with: 5 }', '/do/0/t/call: `call: grpc` is not supported yet; use `call: http`'],
    ['{ call: openapi, with: {} }', '/do/0/t/call: `call: openapi` is not supported yet; use `call: http`'],
    ['{ call: a2a, with: {} }', '/do/0/t/call: `call: a2a` is not supported yet; use `call: http`'],
    [
      '{ call: mcp, with: { transport: { http: {} } } }',
      '/do/0/t/call: `call: mcp` is not supported yet; use `call: http`',
    ],
    [
      '{ call: asyncapi, with: { protocol: http } }',
      '/do/0/t/call: `call: asyncapi` is not supported yet; use `call: http`',
    ],
    [
      '{ call: getPet, with: { x: "${" } }',
      '/do/0/t/call: `getPet` calls a function, and functions are not supported yet; use `call: http`',
    ],
    ['{ wait: PT1S, timeout: { after: soon } }', '/do/0/t/timeout: `timeout` is not supported yet'],
    [
      '{ wait: PT1S, input: { schema: 5, from: .x } }',
      '/do/0/t/input/schema: `input.schema` is not supported yet',
    ],
    ['{ wait: PT1S, output: { schema: {} } }', '/do/0/t/output/schema: `output.schema` is not supported yet'],
    ['{ wait: PT1S, export: { schema: {} } }', '/do/0/t/export/schema: `export.schema` is not supported yet'],
    [
      '{ call: http, with: { method: get, endpoint: { uri: "https://x.y", authentication: { basic: 5 } } } }',
      '/do/0/t/with/endpoint/authentication: `authentication` is not supported yet',
    ],
    ['{ set: { a: "${ $secrets.key }" } }', '/do/0/t/set/a: `$secrets` is not supported yet'],
    [
      '{ set: { a: "${ $authorization.parameter }" } }',
      '/do/0/t/set/a: `$authorization` is not supported yet',
    ],
  ])('%s', (task, message) => {
    expect(errorsOf(tasks(`- t: ${task}`))).toEqual([message]);
  });

  it.each([
    ['timeout: soon', '/timeout: `timeout` is not supported yet'],
    ['schedule: { cron: x }', '/schedule: `schedule` is not supported yet'],
    ['input: { schema: {} }', '/input/schema: `input.schema` is not supported yet'],
    ['output: { schema: {} }', '/output/schema: `output.schema` is not supported yet'],
    ['use: { authentications: 5 }', '/use/authentications: `use.authentications` is not supported yet'],
    ['use: { catalogs: {} }', '/use/catalogs: `use.catalogs` is not supported yet'],
    ['use: { extensions: [] }', '/use/extensions: `use.extensions` is not supported yet'],
    ['use: { functions: {} }', '/use/functions: `use.functions` is not supported yet'],
    ['use: { secrets: [a] }', '/use/secrets: `use.secrets` is not supported yet'],
    ['use: { timeouts: {} }', '/use/timeouts: `use.timeouts` is not supported yet'],
  ])('%s', (member, message) => {
    expect(errorsOf(workflow(`do: []\n${member}`))).toEqual([message]);
  });
});

describe('what is refused by design says why', () => {
  it.each([
    [
      '{ run: { shell: { command: ls } } }',
      '/do/0/t/run/shell: `run: shell` is not supported: a service that many share runs no processes of its users; put it behind HTTP and use `call: http`',
    ],
    [
      '{ run: { container: { image: x } } }',
      '/do/0/t/run/container: `run: container` is not supported: a service that many share runs no processes of its users; put it behind HTTP and use `call: http`',
    ],
    [
      '{ run: { script: { language: js } } }',
      '/do/0/t/run/script: `run: script` is not supported: a service that many share runs no processes of its users; put it behind HTTP and use `call: http`',
    ],
    [
      '{ call: mcp, with: { transport: { stdio: { command: x } } } }',
      '/do/0/t/with/transport/stdio: `call: mcp over stdio` is not supported: a service that many share runs no processes of its users; put it behind HTTP and use `call: http`',
    ],
    [
      '{ call: asyncapi, with: { protocol: kafka } }',
      '/do/0/t/with/protocol: `call: asyncapi over a broker` is not supported: only http and ws can be reached from here; message brokers cannot',
    ],
    [
      '{ call: http, with: { method: get, endpoint: { uri: "https://x.y", authentication: { oauth2: { grant: authorization_code } } } } }',
      '/do/0/t/with/endpoint/authentication: `grant: authorization_code` is not supported: it needs a person at a browser, and a run has none; use `client_credentials`',
    ],
  ])('%s', (task, message) => {
    expect(errorsOf(tasks(`- t: ${task}`))).toEqual([message]);
  });

  it.each([
    [
      '{ language: javascript }',
      '/evaluate/language: `language` must be `jq`, not `javascript`: no other is evaluated here',
    ],
    [
      '{ mode: loose }',
      '/evaluate/mode: `mode: loose` is not supported: it hides errors and evaluates text that came in as data; use `strict`, and enclose expressions in `${ }`',
    ],
    ['{ mode: lax }', '/evaluate/mode: `mode` must be `strict`'],
  ])('evaluate: %s', (members, message) => {
    expect(errorsOf(workflow(`do: []\nevaluate: ${members}`))).toEqual([message]);
  });

  it('accepts jq and strict written out', () => {
    expect(errorsOf(workflow('do: []\nevaluate: { language: jq, mode: strict }'))).toEqual([]);
  });
});

describe('a call that is nearly `http`', () => {
  it.each(['HTTP', 'htttp', 'https'])('%s', (call) => {
    expect(errorsOf(tasks(`- t: { call: ${call} }`))).toEqual([
      `/do/0/t/call: there is no call \`${call}\`; did you mean \`http\`?`,
    ]);
  });
});
