import { describe, expect, it } from 'vitest';
import { validateDefinition } from '../../../lib/dsl/validate.ts';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

const NO_PROCESSES =
  'a service that many share runs no processes of its users; put it behind HTTP and use `call: http`';
const DOCUMENT = 'document: { endpoint: "https://x.y/a.json" }';

describe('what is refused by design says why', () => {
  it.each([
    [
      '{ run: { shell: { command: ls } } }',
      `/do/0/t/run/shell: \`run: shell\` is not supported: ${NO_PROCESSES}`,
    ],
    [
      '{ run: { container: { image: x } } }',
      `/do/0/t/run/container: \`run: container\` is not supported: ${NO_PROCESSES}`,
    ],
    [
      '{ run: { script: { language: js, code: x } } }',
      `/do/0/t/run/script: \`run: script\` is not supported: ${NO_PROCESSES}`,
    ],
    [
      '{ call: mcp, with: { method: tools/list, transport: { stdio: { command: x } } } }',
      `/do/0/t/with/transport/stdio: \`call: mcp over stdio\` is not supported: ${NO_PROCESSES}`,
    ],
    [
      `{ call: asyncapi, with: { ${DOCUMENT}, operation: o, message: {} } }`,
      '/do/0/t/call: `call: asyncapi` is not supported: message brokers cannot be reached from here; use `call: http` with the HTTP interface of the broker',
    ],
    [
      '{ call: a2a, with: { method: tasks/list } }',
      '/do/0/t/call: `call: a2a` is not supported: agents are not called here; use `call: http` with the JSON-RPC endpoint of the agent',
    ],
    [
      '{ call: "https://x.y/function.yaml" }',
      '/do/0/t/call: `call: <URL>` is not supported: functions are not fetched from elsewhere; copy the function into `use.functions` and call it by its name',
    ],
    [
      '{ call: "log:1.0.0@global" }',
      '/do/0/t/call: `call: <name>:<version>@<catalog>` is not supported: functions are not fetched from elsewhere; copy the function into `use.functions` and call it by its name',
    ],
    [
      '{ call: http, with: { method: get, endpoint: { uri: "https://x.y", authentication: { oauth2: { authority: "https://x.y", grant: authorization_code } } } } }',
      '/do/0/t/with/endpoint/authentication/oauth2/grant: `grant: authorization_code` is not supported: it needs a person at a browser, and a run has none; use `client_credentials`',
    ],
    [
      '{ call: openapi, with: { document: { endpoint: "file:///etc/passwd" }, operationId: o } }',
      '/do/0/t/with/document/endpoint: `file:` is not supported: a service that many share reads no files of its host; use an http or https URL',
    ],
  ])('%s', (task, message) => {
    expect(errorsOf(tasks(`- t: ${task}`))).toEqual([message]);
    expect(validateDefinition(tasks(`- t: ${task}`)).errors.map(({ kind }) => kind)).toEqual(['unsupported']);
  });

  it.each([
    [
      'evaluate: { language: javascript }',
      '/evaluate/language: `language` must be `jq`, not `javascript`: no other is evaluated here',
    ],
    [
      'use: { catalogs: { c: { endpoint: "https://x.y" } } }',
      '/use/catalogs/c: `use.catalogs` is not supported: functions are not fetched from elsewhere; copy the function into `use.functions` and call it by its name',
    ],
  ])('%s', (members, message) => {
    expect(errorsOf(workflow(`do: []\n${members}`))).toEqual([message]);
  });

  it('accepts jq and both modes written out', () => {
    expect(errorsOf(workflow('do: []\nevaluate: { language: jq, mode: strict }'))).toEqual([]);
    expect(errorsOf(workflow('do: []\nevaluate: { mode: loose }'))).toEqual([]);
    expect(errorsOf(workflow('do: []\nevaluate: { mode: lax }'))).toEqual([
      '/evaluate/mode: `mode` must be `strict` or `loose`; it is `"lax"`',
    ]);
  });

  it('names the language of a script as DSL 1.0 does', () => {
    expect(
      validateDefinition(tasks('- t: { run: { script: { language: javascript, code: x } } }')).warnings,
    ).toEqual([{ path: '/do/0/t/run/script/language', message: 'the language calls it `js`' }]);
  });
});

describe('what is not supported and malformed besides is reported as both', () => {
  it.each([
    ['{ run: { shell: {} } }', 'missing `command`; `run: shell` needs `command`'],
    [
      '{ run: { script: { language: js } } }',
      '`run: script` must have exactly one of `code` or `source`; it has none',
    ],
    [
      '{ run: { container: { image: x, lifetime: { cleanup: eventually } } } }',
      '`cleanup: eventually` needs `after`',
    ],
    [
      '{ run: { script: { language: js, code: x, arguments: { a: b } } } }',
      '`arguments` must be a list; it is an object',
    ],
    [
      '{ call: a2a, with: { method: message/sent } }',
      expect.stringMatching(/^`method` must be `message\/send`, .* it is `"message\/sent"`$/) as string,
    ],
  ])('%s', (task, message) => {
    const { errors } = validateDefinition(tasks(`- t: ${task}`));
    expect(errors.map(({ kind }) => kind)).toContain('unsupported');
    expect(errors.filter(({ kind }) => kind === 'shape').map((error) => error.message)).toContainEqual(
      message,
    );
  });
});

describe('a call that is nearly one of the language', () => {
  it.each([
    ['HTTP', 'http'],
    ['htttp', 'http'],
    ['https', 'http'],
    ['opneapi', 'openapi'],
  ])('%s', (call, near) => {
    expect(errorsOf(tasks(`- t: { call: ${call} }`))).toEqual([
      `/do/0/t/call: there is no call \`${call}\`, and no function of that name in \`use.functions\`; did you mean \`${near}\`?`,
    ]);
  });
});

describe('`$secret`, as other runtimes call it', () => {
  it('is read as `$secrets`', () => {
    expect(
      warningsOf(workflow('use: { secrets: [ a ] }\ndo: [ { t: { set: { x: "${ $secret.a }" } } } ]')),
    ).toEqual(['/do/0/t/set/x: `$secret` is read as `$secrets`, which is its name in the language']);
  });
});
