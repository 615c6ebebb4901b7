import { describe, expect, it } from 'vitest';
import { errorsOf, warningsOf, workflow } from './definitions.ts';

const set = (text: string) =>
  workflow(
    `evaluate: { mode: loose }\nuse: { secrets: [ a ] }\ndo: [ { t: { set: { x: ${JSON.stringify(text)} } } } ]`,
  );

describe('in loose mode any text of a template is an expression if it is one', () => {
  it.each(['hello world', '.a +', '${ .a + }', 'Hello ${ .x }', '', '$nope', "it's", '${ $nope }'])(
    'lets %j stand for itself',
    (text) => {
      expect(errorsOf(set(text))).toEqual([]);
    },
  );

  it('says nothing of a text that is evaluated, and warns of one that was meant to be', () => {
    expect(warningsOf(set('.customer'))).toEqual([]);
    expect(warningsOf(set('Hello ${ .x }'))).toEqual([
      expect.stringContaining('write `${ "Hello \\(.x)" }`'),
    ]);
    expect(warningsOf(set('${ .a + }'))).toEqual([
      expect.stringMatching(/does not parse: .*; in loose mode the text stands for itself then$/),
    ]);
  });

  it('looks at what an evaluated text reads', () => {
    expect(warningsOf(set('$secrets.b'))).toEqual([
      '/do/0/t/set/x: there is no `b` in `use.secrets`; it has `a`',
    ]);
  });

  it('leaves expressions by nature as they are', () => {
    expect(
      errorsOf(workflow('evaluate: { mode: loose }\ndo: [ { t: { wait: PT1S, if: ".a +" } } ]')),
    ).toEqual([expect.stringMatching(/^\/do\/0\/t\/if: the expression `\.a \+` does not parse/)]);
  });
});
