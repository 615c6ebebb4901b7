import { describe, expect, it } from 'vitest';
import { validateDefinition } from '../../../lib/dsl/validate.ts';
import { Report } from '../../../lib/dsl/validate/report.ts';
import { tasks, workflow } from './definitions.ts';

const kindsOf = (definition: Parameters<typeof validateDefinition>[0]): string[] =>
  validateDefinition(definition).errors.map(({ kind }) => kind);

describe('an error is of the kind of who refuses it', () => {
  it.each([
    ['shape', '{ wait: soon }'],
    ['shape', '{ call: http, with: { method: get, endpoint: "a b" } }'],
    ['shape', '{ raise: { error: { type: x, status: "5" } } }'],
    ['semantic', '{ wait: P1Y }'],
    ['semantic', '{ wait: { seconds: -1 } }'],
    ['semantic', '{ wait: P366D }'],
    ['semantic', '{ wait: PT1S, then: nowhere }'],
    ['semantic', '{ wait: PT1S, if: ".a +" }'],
    ['semantic', '{ call: http, with: { method: "GET /", endpoint: "https://x.y" } }'],
    ['semantic', '{ call: http, with: { method: get, endpoint: x.y/z } }'],
    ['semantic', '{ call: nothing }'],
    ['semantic', '{ try: [], catch: { errors: { with: { details: x } } } }'],
    ['unsupported', '{ run: { shell: { command: x } } }'],
  ])('%s: %s', (kind, task) => {
    expect(kindsOf(tasks(`- t: ${task}`))).toEqual([kind]);
  });

  it('also at the root, which the schema leaves open', () => {
    expect(kindsOf(workflow('do: []\nzzz: 1'))).toEqual(['semantic']);
  });
});

describe('the entry for what is beyond the limit', () => {
  const overflow = (add: (report: Report) => void) => {
    const report = new Report();
    for (let i = 0; i < 200; i++) report.semantic(`/${i}`, 'x');
    add(report);
    return report.result().errors.at(-1);
  };

  it('is of the gravest kind among them', () => {
    expect(overflow((report) => report.shape('/a', 'x'))).toEqual({
      kind: 'shape',
      path: '',
      message: 'and 1 more like these',
    });
    expect(overflow((report) => report.refused('/a', 'x', 'y'))?.kind).toBe('unsupported');
  });
});

describe('an expression where the schema wants one on a single line', () => {
  it('may not have line breaks, and says how to write it', () => {
    expect(validateDefinition(tasks('- t: { wait: "${ .a |\\n .b }" }')).errors).toEqual([
      {
        kind: 'shape',
        path: '/do/0/t/wait',
        message: 'an expression stands on one line here (in YAML, `>-` joins lines)',
      },
    ]);
    expect(validateDefinition(tasks('- t: { set: { a: "${ .a |\\n .b }" } }')).errors).toEqual([]);
  });
});
