import * as fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { definition, type FakeCall } from '../../support/engine-run.ts';

type Task = { [key: string]: Json };

const oneOf = (...texts: string[]) => fc.constantFrom(...texts.map((text) => parse(text) as Task));

/** The data is a list of names throughout; every kind of task adds to it or passes it on. */
const CALL = `{ call: fake, with: '\${ . + [$task.name] }' }`;
const COUNT = `export: { as: '($context // 0) + 1' }`;
/** Goes back as long as the count, which it raises, is not a multiple of 3. */
const BACK = `{ switch: [{ b: { when: '($context // 0) % 3 != 0', then: t0 } }], ${COUNT} }`;

const leaf = oneOf(
  ...Array<string>(6).fill(CALL),
  `{ set: '\${ . + [$task.name] }' }`,
  `{ wait: PT0.5S }`,
  `{ wait: PT1M }`,
  `{ switch: [{ some: { when: 'length % 4 == 0', then: exit } }, { other: { then: continue } }] }`,
);

/** What all tasks share; most tasks have nothing of it. */
const shared = oneOf(
  ...Array<string>(12).fill('{}'),
  `{ if: 'length % 3 != 1' }`,
  `{ input: { from: '. + ["from"]' } }`,
  `{ input: { from: '.[-5:]' }, output: { as: '$input + .[-1:]' } }`,
  `{ output: { as: '. + ["as"]' }, ${COUNT} }`,
  `{ ${COUNT}, if: '$context != 2' }`,
  `{ then: exit }`,
  `{ then: end }`,
);

const clause = oneOf(
  `{}`,
  `{ errors: { with: { status: 404 } } }`,
  `{ retry: { limit: { attempt: { count: 2 } } } }`,
  `{ retry: { limit: { attempt: { count: 1 } }, delay: PT0.5S } }`,
  `{ retry: { limit: { attempt: { count: 2 } }, delay: PT5S, backoff: { linear: {} }, when: .status == 503 } }`,
);

const RAISE = parse(`{ bad: { raise: { error: { type: https://example.com/x, status: 418 } } } }`) as Task;
const AGAIN = { again: parse(BACK) as Task };

const { list } = fc.letrec<{ list: Json[]; task: Task; composite: Task }>((tie) => ({
  list: fc
    .tuple(fc.array(tie('task'), { minLength: 2, maxLength: 4 }), fc.boolean())
    .map(([tasks, again]) => {
      const named = tasks.map((task, index): Task => ({ [`t${index}`]: task }));
      return again ? [...named, AGAIN] : named;
    }),
  task: fc
    .tuple(
      fc.oneof({ maxDepth: 3 }, { arbitrary: leaf, weight: 2 }, { arbitrary: tie('composite'), weight: 3 }),
      shared,
    )
    .map(([task, more]): Task => ({ ...task, ...more })),
  composite: fc
    .tuple(fc.nat({ max: 5 }), tie('list'), tie('list'), clause)
    .map(([kind, inner, handler, caught]): Task => {
      if (kind === 0) return { do: inner };
      if (kind === 1) return { for: { in: '[1, 2]' }, do: inner };
      if (kind === 2) return { for: { in: '[1, 2, 3]', each: 'x' }, while: '$x != length', do: inner };
      if (kind === 3) return { try: inner, catch: caught };
      if (kind === 4) return { try: [...inner, RAISE], catch: { ...caught, do: handler } };
      return { try: inner, catch: { ...caught, do: handler } };
    }),
}));

/** Fails now and then, decided by the key and by how often it ran. */
function effect({ argument, key, earlier, frame }: FakeCall): Json {
  let hash = earlier * 31;
  for (const character of key) hash = (hash * 33 + character.charCodeAt(0)) % 10_007;
  if (hash % 5 === 0) throw frame.fail('communication', 'no', { status: 503 });
  return argument;
}

describe('any workflow', () => {
  test('that is killed at any moment ends as if it was not', { timeout: 60_000 }, async () => {
    const seen = { effects: 0, succeeded: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(list, async (tasks) => {
        const workflow = { ...(definition('{}') as Task), do: tasks };
        const setup = { input: [], effect, limits: { maxSteps: 40 } };
        const { executed, outcome } = await expectSameFromEveryMoment(workflow, setup);
        seen.effects += executed.length;
        if (outcome.kind === 'succeeded' || outcome.kind === 'failed') seen[outcome.kind] += 1;
      }),
      { numRuns: 100, seed: 20_260_731 },
    );
    expect(seen.effects).toBeGreaterThan(400);
    expect(seen.succeeded).toBeGreaterThan(30);
  });
});
