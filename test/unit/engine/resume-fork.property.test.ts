import * as fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { expectSameEndFromEveryMoment } from '../../support/engine-crash.ts';
import { definition, type FakeCall } from '../../support/engine-run.ts';

type Task = { [key: string]: Json };

const oneOf = (...texts: string[]) => fc.constantFrom(...texts.map((text) => parse(text) as Task));

/** The data is a list throughout; every kind of task adds to it or passes it on. */
const CALL = `{ call: fake, with: '\${ . + [$task.name] }' }`;

const USE = parse(`
  functions:
    f: { do: [{ one: ${CALL} }, { w: { wait: PT2S } }, { two: ${CALL} }] }
    g: { call: f, with: '\${ . + ["g"] }', output: { as: '. + [$context]' }, export: { as: '"g"' } }
  extensions:
    - around: { extend: set, before: [{ b: ${CALL} }, { w: { wait: PT3S } }], after: [{ a: ${CALL} }] }
    - instead: { extend: wait, when: '(length % 3) == 0', before: [{ i: { ${CALL.slice(1, -1)}, then: exit } }] }
`) as Task;

const leaf = oneOf(
  ...Array<string>(5).fill(CALL),
  `{ call: f }`,
  `{ call: g }`,
  `{ set: '\${ . + [$task.name] }' }`,
  `{ set: '\${ . + [$context] }', export: { as: '$task.name' } }`,
  `{ wait: PT0.5S }`,
  `{ wait: PT1M }`,
);

const shared = oneOf(
  ...Array<string>(10).fill('{}'),
  `{ if: 'length % 3 != 1' }`,
  `{ input: { from: '. + ["from"]' } }`,
  `{ output: { as: '. + ["as"]' } }`,
  `{ export: { as: '($context // "") + "x"' } }`,
  `{ timeout: { after: '\${ if $context == null then "PT30S" else "PT2H" end }' } }`,
  `{ timeout: { after: PT45S } }`,
  `{ then: exit }`,
);

const clause = oneOf(
  `{}`,
  `{ errors: { with: { status: 408 } } }`,
  `{ retry: { limit: { attempt: { count: 1 } }, delay: PT5S } }`,
  `{ retry: { limit: { attempt: { count: 2, duration: PT20S } } } }`,
  `{ retry: { limit: { duration: PT90S }, delay: PT10S } }`,
);

const named = (tasks: Task[]) => tasks.map((task, index): Task => ({ [`t${index}`]: task }));

const { list } = fc.letrec<{ list: Json[]; task: Task; composite: Task }>((tie) => ({
  list: fc.array(tie('task'), { minLength: 1, maxLength: 3 }).map(named),
  task: fc
    .tuple(
      fc.oneof({ maxDepth: 3 }, { arbitrary: leaf, weight: 2 }, { arbitrary: tie('composite'), weight: 3 }),
      shared,
    )
    .map(([task, more]): Task => ({ ...task, ...more })),
  composite: fc
    .tuple(fc.nat({ max: 5 }), tie('list'), tie('list'), clause)
    .map(([kind, inner, other, caught]): Task => {
      if (kind === 0) return { do: inner };
      if (kind === 1) return { for: { in: '[1, 2]' }, do: inner };
      if (kind === 2) return { try: inner, catch: { ...caught, do: other } };
      if (kind === 3) return { try: inner, catch: caught };
      // Its output is an array of lists, made a list again.
      const branches = named([{ do: inner }, { do: other }]);
      return { fork: { branches }, output: { as: 'add' } };
    }),
}));

/** Fails now and then, decided by the key alone; not in a branch, as how far the others come then is a matter of time. */
function effect({ argument, key, frame }: FakeCall): Json {
  if (key.includes('/fork/')) return argument;
  let hash = 7;
  for (const character of key) hash = (hash * 33 + character.charCodeAt(0)) % 10_007;
  if (hash % 11 === 0) throw frame.fail('communication', 'no', { status: 404 });
  return argument;
}

describe('any workflow with forks, time limits, functions and extensions', () => {
  test('that is killed at any moment ends as if it was not', { timeout: 120_000 }, async () => {
    const seen = { effects: 0, succeeded: 0, failed: 0, timeouts: 0 };
    await fc.assert(
      fc.asyncProperty(list, async (tasks) => {
        const workflow = { ...(definition('{}') as Task), use: USE, do: tasks };
        const setup = { input: [], effect, limits: { maxSteps: 100_000 } };
        const { executed, outcome } = await expectSameEndFromEveryMoment(workflow, setup);
        seen.effects += executed.length;
        if (outcome.kind === 'succeeded' || outcome.kind === 'failed') seen[outcome.kind] += 1;
        if (outcome.kind === 'failed' && outcome.error.status === 408) seen.timeouts += 1;
      }),
      { numRuns: 100, seed: 20_261_124 },
    );
    expect(seen.effects).toBeGreaterThan(300);
    expect(seen.succeeded).toBeGreaterThan(30);
  });
});
