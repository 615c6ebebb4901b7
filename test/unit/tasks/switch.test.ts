import { describe, expect, test } from 'vitest';
import { failure, output } from '../../support/engine-run.ts';

const workflow = (cases: string, then = '') => `
  do:
    - pick: { switch: ${cases}${then} }
    - a: { set: { went: a, input: '\${ . }' }, then: end }
    - b: { set: { went: b, input: '\${ . }' }, then: end }`;

describe('switch', () => {
  test('the first case that matches wins, bare or in ${ }', async () => {
    const text = workflow(
      `[{ one: { when: .x == 1, then: b } }, { two: { when: '\${ .x > 0 }', then: a } }]`,
    );
    expect(await output(text, { input: { x: 1 } })).toEqual({ went: 'b', input: { x: 1 } });
    expect(await output(text, { input: { x: 2 } })).toEqual({ went: 'a', input: { x: 2 } });
  });

  test('the default is tried last wherever it stands', async () => {
    const text = workflow(`[{ other: { then: a } }, { one: { when: .x == 1, then: b } }]`);
    expect(await output(text, { input: { x: 1 } })).toMatchObject({ went: 'b' });
    expect(await output(text, { input: { x: 2 } })).toMatchObject({ went: 'a' });
  });

  test('without a match and a default the task`s own then holds, and the input is the output', async () => {
    const text = workflow(`[{ one: { when: .x == 1, then: b } }]`, ', then: end');
    expect(await output(text, { input: { x: 2 } })).toEqual({ x: 2 });
  });

  test('the case replaces the task`s own then', async () => {
    const text = workflow(`[{ one: { when: .x == 1, then: continue } }]`, ', then: end');
    expect(await output(text, { input: { x: 1 } })).toMatchObject({ went: 'a' });
  });

  test('output.as of the switch is applied also when a case ends the workflow', async () => {
    const text = workflow(`[{ one: { when: 'true', then: end } }]`, ', output: { as: .x }');
    expect(await output(text, { input: { x: 2 } })).toBe(2);
  });

  test('a condition has the truth of jq; two outputs are an expression error', async () => {
    const text = workflow(`[{ one: { when: .x, then: b } }, { other: { then: a } }]`);
    expect(await output(text, { input: { x: 0 } })).toMatchObject({ went: 'b' });
    expect(await output(text, { input: { x: null } })).toMatchObject({ went: 'a' });
    const two = await failure(workflow(`[{ one: { when: '.x, .x', then: b } }]`), { input: {} });
    expect(two.error).toMatchObject({ status: 400, instance: '/do/0/pick' });
  });
});
