import { describe, expect, test } from 'vitest';
import { expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { definition, type FakeCall } from '../../support/engine-run.ts';

/** The side effect: adds its name to the data. */
const CALL = `call: fake, with: '\${ . + [$task.name] }'`;

/** Fails with 503 the given number of times for each key that ends so. */
const failing = (name: string, times: number) => (call: FakeCall) => {
  if (call.name === name && call.earlier < times) {
    throw call.frame.fail('communication', `failure ${call.earlier + 1}`, { status: 503 });
  }
  return call.argument;
};

describe('a run that is killed at any moment ends as if it was not', () => {
  test.each([
    ['effects in sequence', `do: [{ a: { ${CALL} } }, { b: { ${CALL} } }, { c: { ${CALL} } }]`],
    [
      'an effect in a do, with input.from, output.as and export.as around',
      `
      do:
        - outer:
            input: { from: '{ list: ., at: now }' }
            do:
              - a: { input: { from: .list }, ${CALL}, export: { as: '[$context, .]' } }
              - b: { ${CALL}, output: { as: '. + [$context]' } }
            output: { as: '. + [($input | has("at"))]' }
            export: { as: '{ was: $context, is: . }' }
        - last: { set: '\${ [., $context] }' }
      `,
    ],
    [
      'an effect in a loop, in a loop',
      `
      do:
        - outer:
            for: { in: '[1, 2]', each: x, at: i }
            do:
              - first: { ${CALL} }
              - inner:
                  for: { in: '[$x, $x * 10]' }
                  while: '(. | length) < 9'
                  do: [{ a: { set: '\${ . + [$item] }' } }, { b: { ${CALL} } }]
      `,
    ],
    [
      'an effect after a switch',
      `do: [{ s: { switch: [{ x: { when: 'true', then: b } }] } }, { a: { ${CALL} } }, { b: { ${CALL} } }]`,
    ],
    [
      'an effect visited again and again by then',
      `
      do:
        - a: { ${CALL} }
        - b: { do: [{ in: { ${CALL} } }] }
        - again: { switch: [{ more: { when: 'length < 6', then: a } }, { other: { then: exit } }] }
      `,
    ],
    [
      'short and long waits',
      `do: [{ a: { ${CALL} } }, { s: { wait: PT0.5S } }, { b: { ${CALL} } }, { l: { wait: PT1H } }, { c: { ${CALL} } }]`,
    ],
    [
      'end in the depth',
      `do: [{ o: { do: [{ a: { ${CALL}, then: end } }, { n: { ${CALL} } }], output: { as: '"no"' } } }, { z: { ${CALL} } }]`,
    ],
    [
      'exit in the depth',
      `do: [{ o: { do: [{ a: { ${CALL}, then: exit } }, { n: { ${CALL} } }] } }, { z: { ${CALL} } }]`,
    ],
  ])('%s', async (_name, text) => {
    const { outcome, executed } = await expectSameFromEveryMoment(text, { input: [] });
    expect(outcome.kind).toBe('succeeded');
    expect(executed.length).toBeGreaterThan(0);
  });

  const guarded = (clause: string) => `
    do:
      - t:
          input: { from: '. + ["in"]' }
          try: [{ a: { ${CALL} } }, { b: { ${CALL} } }, { c: { ${CALL} } }]
          catch: ${clause}
      - z: { ${CALL} }`;

  test.each([
    ['without an error', 'none', 0, '{}'],
    ['a swallowed error', 'b', 1, '{}'],
    [
      'an error handled by effects',
      'b',
      1,
      `{ do: [{ h: { ${CALL} } }, { i: { set: '\${ . + [$error.status] }' } }, { j: { ${CALL} } }] }`,
    ],
    ['retries without a delay', 'b', 2, '{ retry: { limit: { attempt: { count: 3 } } } }'],
    [
      'retries with short and long delays',
      'c',
      3,
      '{ retry: { delay: PT0.8S, backoff: { exponential: {} } } }',
    ],
    [
      'exhausted retries that are handled',
      'b',
      9,
      `{ retry: { limit: { attempt: { count: 1 } } }, do: [{ h: { ${CALL} } }] }`,
    ],
    ['exhausted retries, retried by the run', 'b', 3, '{ retry: { limit: { attempt: { count: 1 } } } }'],
    ['an uncaught error, retried by the run', 'c', 2, '{ errors: { with: { status: 404 } } }'],
    ['catch.then', 'a', 1, '{ then: end }'],
  ])('try: %s', async (_name, name, times, clause) => {
    const { outcome } = await expectSameFromEveryMoment(guarded(clause), {
      input: [],
      effect: failing(name, times),
    });
    expect(outcome.kind).toBe('succeeded');
  });

  test('an error in the handler, retried by the run inside the handler', async () => {
    const text = `do: [{ t: { try: [{ a: { ${CALL} } }], catch: { do: [{ h: { ${CALL} } }, { i: { ${CALL} } }] } } }]`;
    const effect = (call: FakeCall) => failing(call.name === 'a' ? 'a' : 'i', 1)(call);
    const { executed, outcome } = await expectSameFromEveryMoment(text, { input: [], effect });
    expect(outcome).toEqual({ kind: 'succeeded', output: ['h', 'i'] });
    expect(executed.map((key) => key.slice(-1))).toEqual(['a', 'h', 'i', 'i']);
  });

  test('a definition whose names and variables are unusual', async () => {
    const value = JSON.parse(`{
      "do": [
        { "__proto__": { "for": { "in": "[1]", "each": "__proto__" }, "do": [
          { "a/b~c;[0] é\u{1F600}": { "call": "fake", "with": "\${ . + [$__proto__] }" } }
        ] } }
      ] }`);
    const { outcome, executed } = await expectSameFromEveryMoment(
      { ...(definition('{}') as object), ...value },
      { input: [] },
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: [1] });
    expect(executed[0]).toMatch(/^[!-~]+$/);
  });
});
