import { describe, expect, it } from 'vitest';
import { validateDefinition } from '../../../lib/dsl/validate.ts';
import type { Json } from '../../../lib/jq/index.ts';
import { errorsOf, tasks, warningsOf, workflow, yaml } from './definitions.ts';

const document = (members: string): Json => yaml(`document: ${members}\ndo: []`);

describe('a definition as a whole', () => {
  it('may be as small as a document and an empty list', () => {
    expect(validateDefinition(workflow('do: []'))).toEqual({ errors: [], warnings: [] });
  });

  it.each([
    [null, ': a definition is an object with `document` and `do`; this one is null'],
    [[], ': a definition is an object with `document` and `do`; this one is a list'],
    ['hello', ': a definition is an object with `document` and `do`; this one is a string'],
    [{}, ': missing `document` and `do`; a definition needs `document` and `do`'],
  ])('refuses %j', (definition, message) => {
    expect(errorsOf(definition)).toEqual([message]);
  });

  it('knows a 0.8 definition when it sees one', () => {
    expect(errorsOf(yaml('id: hello\nspecVersion: "0.8"\nstates: []'))).toEqual([
      ': 0.8 definitions need migration to DSL 1.0: there is no `document`, and 0.x had `states`',
    ]);
  });

  it('names the nearest property for one it does not know', () => {
    expect(errorsOf(workflow('do: []\noutptu: {}\nzzz: 1'))).toEqual([
      '/outptu: unknown property `outptu`; did you mean `output`?',
      '/zzz: unknown property `zzz`; a definition has `document`, `input`, `do`, `output`, `timeout`, `schedule`, `evaluate` and `use`',
    ]);
  });

  it('reports every problem at once, each at its place', () => {
    const definition = workflow(`
do:
  - pay:
      call: http
      with: { method: get }
  - pay:
      set: {}
      then: nowhere
  - wait a moment: { wait: PT }
evaluate: { language: cel }`);
    expect(validateDefinition(definition).errors.map(({ path }) => path)).toEqual([
      '/do/0/pay/with',
      '/do/1/pay',
      '/do/1/pay/then',
      '/do/1/pay/set',
      '/do/2/wait a moment/wait',
      '/evaluate/language',
    ]);
  });

  it('escapes names in JSON pointers (RFC 6901)', () => {
    expect(errorsOf(tasks('- a/b~c: { wait: x }'))[0]).toMatch(/^\/do\/0\/a~1b~0c\/wait: /);
  });

  it('stops at 200 problems and says how many more there are', () => {
    const { errors } = validateDefinition(workflow(`do:\n${'  - 5\n'.repeat(1000)}`));
    expect(errors).toHaveLength(201);
    expect(errors.at(-1)).toEqual({ kind: 'shape', path: '', message: 'and 800 more like these' });
  });
});

describe('document', () => {
  it.each([
    [
      '{}',
      '/document: missing `dsl`, `namespace`, `name` and `version`; `document` needs `dsl`, `namespace`, `name` and `version`',
    ],
    [
      "{ dsl: 1.0, namespace: a, name: b, version: '1.0.0' }",
      "/document/dsl: `dsl` must be a text with a semantic version; it is a number: put all three parts in quotes, `dsl: '1.0.0'`",
    ],
    [
      "{ dsl: '1.0.0', namespace: a, name: b, version: 1.0 }",
      "/document/version: `version` must be a text with a semantic version; it is a number: put all three parts in quotes, `version: '1.0.0'`",
    ],
    [
      "{ dsl: '0.8.0', namespace: a, name: b, version: '1.0.0' }",
      "/document/dsl: `0.8.0` is not supported: 0.8 definitions need migration to DSL 1.0, for example `dsl: '1.0.3'`",
    ],
    [
      "{ dsl: '0.8', namespace: a, name: b, version: '1.0.0' }",
      "/document/dsl: `0.8` is not supported: 0.8 definitions need migration to DSL 1.0, for example `dsl: '1.0.3'`",
    ],
    [
      "{ dsl: 0.8, namespace: a, name: b, version: '1.0.0' }",
      "/document/dsl: `0.8` is not supported: 0.8 definitions need migration to DSL 1.0, for example `dsl: '1.0.3'`",
    ],
    [
      "{ dsl: '2.0.0', namespace: a, name: b, version: '1.0.0' }",
      "/document/dsl: `2.0.0` is not supported; write a version of DSL 1, for example `dsl: '1.0.3'`",
    ],
    [
      "{ dsl: '1.0', namespace: a, name: b, version: '1.0.0' }",
      '/document/dsl: `1.0` is not a semantic version such as `1.0.0` (three numbers with dots)',
    ],
    [
      "{ dsl: '1.0.0', namespace: a, name: b, version: '01.0.0' }",
      '/document/version: `01.0.0` is not a semantic version such as `1.0.0` (three numbers with dots)',
    ],
    [
      "{ dsl: '1.0.0', namespace: a b, name: b, version: '1.0.0' }",
      '/document/namespace: `a b` is not a valid namespace: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends',
    ],
    [
      "{ dsl: '1.0.0', namespace: a, name: b-, version: '1.0.0' }",
      '/document/name: `b-` is not a valid name: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends',
    ],
    [
      "{ dsl: '1.0.0', namespace: a, name: 7, version: '1.0.0' }",
      "/document/name: `name` must be a text; it is a number; put it in quotes: '7'",
    ],
    [
      "{ dsl: '1.0.0', namespace: a, name: b, version: '1.0.0', titel: x }",
      '/document/titel: unknown property `titel`; did you mean `title`?',
    ],
    [
      "{ dsl: '1.0.0', namespace: a, name: b, version: '1.0.0', tags: [x] }",
      '/document/tags: `tags` must be an object; it is a list',
    ],
  ])('%s', (members, message) => {
    expect(errorsOf(document(members))).toEqual([message]);
  });

  it.each(['1.0.0', '1.0.3', '1.0.0-alpha5', '1.0.0-0', '1.99.0+build.7'])('accepts DSL %s', (dsl) => {
    expect(errorsOf(document(`{ dsl: '${dsl}', namespace: a, name: b, version: 1.2.3-rc.1+x }`))).toEqual([]);
  });

  it.each(['"a\\0b"', '"a\\ud800"', `"${'a'.repeat(64)}"`])('refuses the name %s', (name) => {
    const [error] = errorsOf(document(`{ dsl: '1.0.0', namespace: a, name: ${name}, version: '1.0.0' }`));
    expect(error).toMatch(/^\/document\/name: .* is not a valid name/);
    expect(error).not.toMatch(/[\0\p{Surrogate}]/u);
  });
});

describe('task lists and tasks', () => {
  it.each([
    [
      '- a: { set: { x: 1 } }\n  b: { set: { x: 1 } }',
      "/do/0: the task item has 2 keys, `a` and `b`; each item has exactly one, the task's name",
    ],
    [
      '- set: { x: 1 }\n  then: end',
      "/do/0: the task item has 2 keys, `set` and `then`; each item has exactly one, the task's name: `- myTask: { set: … }`",
    ],
    ['- {}', "/do/0: the task item has no key; each item has exactly one, the task's name"],
    ['- 5', "/do/0: a task item must be an object with one key, the task's name; it is a number"],
    ['- a:', '/do/0/a: a task must be an object; it is null'],
    [
      '- set: { x: 1 }',
      '/do/0/set: the task named `set` has no type; does it lack a name? `- myTask: { set: … }`',
    ],
    [
      '- wait: PT1S',
      '/do/0/wait: a task must be an object; it is a string; does the task lack a name? `- myTask: { wait: … }`',
    ],
    [
      '- a: { if: .x }',
      '/do/0/a: the task has no type; a task has one of `call`, `do`, `emit`, `for`, `fork` and `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait`',
    ],
    ['- a: { sett: { x: 1 } }', '/do/0/a: unknown task type `sett`; did you mean `set`?'],
    [
      '- a: { frobnicate: 1 }',
      '/do/0/a: unknown task type `frobnicate`; a task has one of `call`, `do`, `emit`, `for`, `fork` and `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait`',
    ],
    [
      '- a: { set: { x: 1 }, wait: PT1S }',
      '/do/0/a: a task has exactly one type; this one has 2: `set` and `wait`',
    ],
    ['- a: { set: { x: 1 }, thenn: end }', '/do/0/a/thenn: unknown property `thenn`; did you mean `then`?'],
    [
      '- a: { wait: PT1S }\n- b: { wait: PT1S }\n- a: { wait: PT1S }',
      '/do/2/a: the task name `a` is taken by `/do/0`; names are unique in a list',
    ],
    ['- "": { wait: PT1S }', '/do/0/: a task name must not be empty'],
    ['- "a\\0": { wait: PT1S }', '/do/0/a\0: a task name must not contain U+0000 or a lone surrogate'],
    ['- "\\ud800": { wait: PT1S }', '/do/0/\ud800: a task name must not contain U+0000 or a lone surrogate'],
    ['- a: { wait: PT1S, if: true }', '/do/0/a/if: `if` must be an expression in a text; it is a boolean'],
    ['- a: { wait: PT1S, input: .x }', '/do/0/a/input: `input` must be an object; it is a string'],
    [
      '- a: { wait: PT1S, input: { form: .x } }',
      '/do/0/a/input/form: unknown property `form`; did you mean `from`?',
    ],
    [
      '- a: { wait: PT1S, output: { as: 5 } }',
      '/do/0/a/output/as: `output.as` must be an expression or an object',
    ],
    [
      '- a: { wait: PT1S, export: { as: [1] } }',
      '/do/0/a/export/as: `export.as` must be an expression or an object',
    ],
    ['- a: { wait: PT1S, metadata: x }', '/do/0/a/metadata: `metadata` must be an object; it is a string'],
    [
      '- a: { do: { b: { wait: PT1S } } }',
      '/do/0/a/do: `do` must be a list of tasks; it is an object: write each task as an item, `- myTask: { … }`',
    ],
  ])('%s', (list, message) => {
    expect(errorsOf(tasks(list))).toEqual([message]);
  });

  it('accepts the same task name in two lists', () => {
    expect(errorsOf(tasks('- a: { do: [ { a: { wait: PT1S } } ] }'))).toEqual([]);
  });

  it('limits a task name to 255 characters, since it travels in a header', () => {
    expect(errorsOf(tasks(`- ${'a'.repeat(255)}: { wait: PT1S }`))).toEqual([]);
    expect(errorsOf(tasks(`- ? ${'a'.repeat(256)}\n  : { wait: PT1S }`))[0]).toMatch(
      /has at most 255 characters; this one has 256$/,
    );
  });

  it('warns of a task that no `then` can lead to', () => {
    expect(warningsOf(tasks('- end: { wait: PT1S }'))).toEqual([
      '/do/0/end: no `then` can lead to a task named `end`: it means the flow directive',
    ]);
  });
});

describe('then', () => {
  it('leads to a task of the same list, forwards or backwards, or is a directive', () => {
    const list = (then: string) =>
      tasks(`- a: { wait: PT1S }\n- b: { wait: PT1S, then: ${then} }\n- c: { wait: PT1S }`);
    for (const then of ['a', 'b', 'c', 'continue', 'exit', 'end']) expect(errorsOf(list(then))).toEqual([]);
    expect(errorsOf(list('nowhere'))).toEqual([
      '/do/1/b/then: there is no task `nowhere` in this list; it has `a`, `b` and `c`, and `then` may also be `continue`, `exit` or `end`',
    ]);
    expect(errorsOf(list('5'))).toEqual([
      "/do/1/b/then: `then` must be a text; it is a number; put it in quotes: '5'",
    ]);
  });

  it('does not lead out of its list or into another', () => {
    expect(
      errorsOf(tasks('- outer: { do: [ { inner: { wait: PT1S, then: outer } } ], then: inner }')),
    ).toEqual([
      '/do/0/outer/then: there is no task `inner` in this list; it has `outer`, and `then` may also be `continue`, `exit` or `end`',
      '/do/0/outer/do/0/inner/then: there is no task `outer` in this list; it has `inner`, and `then` may also be `continue`, `exit` or `end`',
    ]);
  });

  it('hints at the nearest name', () => {
    expect(errorsOf(tasks('- setGreen: { wait: PT1S, then: setGren }'))[0]).toContain(
      'did you mean `setGreen`?',
    );
    expect(errorsOf(tasks('- a: { wait: PT1S, then: End }'))[0]).toContain('did you mean `end`?');
  });

  it('of a case and of a catch means the list of the switch and of the try', () => {
    expect(
      errorsOf(
        tasks(`
- pick: { switch: [ { one: { then: other } }, { two: { when: .x, then: gone } } ] }
- attempt: { try: [ { inner: { wait: PT1S } } ], catch: { then: inner } }
- other: { wait: PT1S }`),
      ).map((error) => error.slice(0, error.indexOf(' in this list'))),
    ).toEqual([
      '/do/0/pick/switch/1/two/then: there is no task `gone`',
      '/do/1/attempt/catch/then: there is no task `inner`',
    ]);
  });
});
