import { describe, expect, it } from 'vitest';
import { validateDefinition } from '../../../lib/dsl/validate.ts';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

/** Errors of one task, without the pointer of the task. */
const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`)).map((error) => error.replace('/do/0/t', ''));

describe('fork', () => {
  it.each([
    ['{ fork: {} }', ['/fork: missing `branches`; `fork` needs `branches`']],
    ['{ fork: [] }', ['/fork: `fork` must be an object; it is a list']],
    [
      '{ fork: { branches: {} } }',
      [
        '/fork/branches: `branches` must be a list of tasks; it is an object: write each task as an item, `- myTask: { … }`',
      ],
    ],
    [
      '{ fork: { branches: [], compete: "yes" } }',
      ['/fork/compete: `compete` must be true or false; it is a string'],
    ],
    [
      '{ fork: { branches: [ { a: { wait: PT1S, then: b } }, { b: { wait: PT1S } } ] } }',
      [
        '/fork/branches/0/a/then: a branch or a function leads to no other task; `then` may be `continue`, `exit` or `end`',
      ],
    ],
    [
      '{ fork: { branches: [ { a: { wait: PT1S } }, { a: { wait: PT1S } } ] } }',
      [
        '/fork/branches/1/a: the task name `a` is taken by `/do/0/t/fork/branches/0`; names are unique in a list',
      ],
    ],
  ])('%s', (task, errors) => {
    expect(errorsIn(task)).toEqual(errors);
  });

  it('has at most MAX_FORK_BRANCHES branches', () => {
    const branches = (count: number) =>
      validateDefinition({
        document: { dsl: '1.0.3', namespace: 'a', name: 'b', version: '1.0.0' },
        do: [
          {
            t: {
              fork: { branches: Array.from({ length: count }, (_, i) => ({ [`b${i}`]: { wait: 'PT1S' } })) },
            },
          },
        ],
      }).errors.map(({ message }) => message);
    expect(branches(1000)).toEqual([]);
    expect(branches(1001)).toEqual([
      'a fork has at most 1000 branches (MAX_FORK_BRANCHES); this one has 1001',
    ]);
  });

  it('warns of what a branch exports, unless the branches compete', () => {
    const fork = (compete: boolean) =>
      tasks(
        `- t: { fork: { compete: ${compete}, branches: [ { a: { wait: PT1S, export: { as: .x } } } ] } }`,
      );
    expect(warningsOf(fork(false))).toEqual([
      expect.stringMatching(/^\/do\/0\/t\/fork\/branches\/0\/a\/export: the context of a branch is dropped/),
    ]);
    expect(warningsOf(fork(true))).toEqual([]);
  });
});

describe('run: workflow', () => {
  it.each([
    '{ run: { workflow: { namespace: a, name: b, version: latest } } }',
    '{ run: { await: false, workflow: { namespace: a, name: b, version: 1.2.3-rc.1, input: { x: "${ .x }" } } } }',
  ])('accepts %s', (task) => {
    expect(errorsIn(task)).toEqual([]);
  });

  it.each([
    [
      '{ run: {} }',
      '/run: `run` must have exactly one of `container`, `script`, `shell` or `workflow`; it has none',
    ],
    [
      '{ run: { workflow: { namespace: a, name: b } } }',
      '/run/workflow: missing `version`; `run: workflow` needs `namespace`, `name` and `version`',
    ],
    [
      '{ run: { workflow: { namespace: a, name: b, version: newest } } }',
      '/run/workflow/version: `newest` is neither `latest` nor a semantic version such as `1.0.0`',
    ],
    [
      '{ run: { workflow: { namespace: "${ .n }", name: b, version: latest } } }',
      '/run/workflow/namespace: `${ .n }` is not a valid namespace: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends',
    ],
    [
      '{ run: { workflow: { namespace: a, name: b, version: latest, input: .x } } }',
      '/run/workflow/input: `input` must be an object; it is a string',
    ],
    [
      '{ run: { await: 5, workflow: { namespace: a, name: b, version: latest } } }',
      '/run/await: `await` must be true or false; it is a number',
    ],
  ])('%s', (task, message) => {
    expect(errorsIn(task)).toEqual([message]);
  });
});

describe('what `run: workflow` returns', () => {
  it('is its output, whatever `return` says', () => {
    expect(
      warningsOf(
        tasks('- t: { run: { return: all, workflow: { namespace: a, name: b, version: latest } } }'),
      ),
    ).toEqual(['/do/0/t/run/return: `return` is for processes; what a workflow returns is its output']);
  });
});

describe('timeout', () => {
  it('is a duration or the name of one, of a task and of the workflow', () => {
    const use = 'use: { timeouts: { short: { after: PT1S } } }';
    expect(
      errorsOf(
        workflow(`${use}\ntimeout: short\ndo: [ { a: { wait: PT1S, timeout: { after: "\${ .t }" } } } ]`),
      ),
    ).toEqual([]);
    expect(
      errorsOf(
        workflow(
          `${use}\ntimeout: shrt\ndo: [ { a: { wait: PT1S, timeout: 5 } }, { b: { wait: PT1S, timeout: { after: PT0S } } }, { c: { wait: PT1S, timeout: {} } } ]`,
        ),
      ),
    ).toEqual([
      '/do/0/a/timeout: a timeout must be an object such as `{ after: PT30S }`; it is a number',
      '/do/1/b/timeout/after: `after` must be longer than nothing',
      '/do/2/c/timeout: missing `after`; a timeout needs `after`',
      '/timeout: there is no `shrt` in `use.timeouts`; did you mean `short`?',
    ]);
  });

  it('of `use.timeouts` is checked there', () => {
    expect(errorsOf(workflow('use: { timeouts: { a: PT1S, b: { after: soon } } }\ndo: []'))).toEqual([
      '/use/timeouts/a: a timeout must be an object such as `{ after: PT30S }`; it is a string',
      '/use/timeouts/b/after: `soon` is not an ISO 8601 duration such as `PT30S` or `P1DT12H`',
    ]);
  });
});

describe('use.extensions', () => {
  const extensions = (list: string) => workflow(`use: { extensions: ${list} }\ndo: []`);

  it.each([
    ['{}', '/use/extensions: `use.extensions` must be a list; it is an object'],
    ['[ { a: { before: [] } } ]', '/use/extensions/0/a: missing `extend`; an extension needs `extend`'],
    [
      '[ { a: { extend: fork } } ]',
      expect.stringMatching(
        /^\/use\/extensions\/0\/a\/extend: .*; write `composite`, which is `do` and `fork`$/,
      ) as string,
    ],
    [
      '[ { a: { extend: all, before: [ { x: { set: { y: "${ $item }" } } } ] } } ]',
      expect.stringMatching(
        /^\/use\/extensions\/0\/a\/before\/0\/x\/set\/y: `\$item` is not defined here/,
      ) as string,
    ],
    [
      '[ { a: { extend: all }, b: { extend: all } } ]',
      "/use/extensions/0: the item has 2 keys, `a` and `b`; each item has exactly one, the extension's name",
    ],
  ])('%s', (list, message) => {
    expect(errorsOf(extensions(list))).toEqual([message]);
  });

  it('warns of `$task.call` and `$task.with`, which no descriptor has', () => {
    expect(
      warningsOf(extensions('[ { a: { extend: call, when: "$task.call == \\"http\\"", after: [] } } ]')),
    ).toEqual(['/use/extensions/0/a/when: `$task` has no `call`; write `$task.definition.call`']);
  });
});

describe('use.secrets', () => {
  it('is a list of names', () => {
    expect(errorsOf(workflow('use: { secrets: { a: b } }\ndo: []'))).toEqual([
      '/use/secrets: `use.secrets` must be a list; it is an object',
    ]);
    expect(errorsOf(workflow('use: { secrets: [ 5, " " ] }\ndo: []'))).toEqual([
      "/use/secrets/0: the name of a secret must be a text; it is a number; put it in quotes: '5'",
      '/use/secrets/1: the name of a secret must not be empty',
    ]);
    expect(warningsOf(workflow('use: { secrets: [ a, a ] }\ndo: []'))).toEqual([
      '/use/secrets/1: `a` is listed already',
    ]);
  });

  it('are known at every stage', () => {
    expect(
      warningsOf(
        workflow(
          'use: { secrets: [ a ] }\ninput: { from: $secrets.a }\noutput: { as: $secrets.a }\ndo: [ { t: { if: $secrets.a, set: { x: "${ $secrets.a }" }, export: { as: $secrets.a } } } ]',
        ),
      ),
    ).toEqual([]);
  });
});
