import * as fc from 'fast-check';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import type { Json, Progress } from '../../../lib/engine/types.ts';
import { definition, run, type FakeCall, type Ran } from '../../support/engine-run.ts';
import { copy, refitted, rerun } from '../../support/rerun.ts';

type Task = { [key: string]: Json };

const oneOf = (...texts: string[]) => fc.constantFrom(...texts.map((text) => parse(text) as Task));

/** The data is a list of names throughout, or a list of such lists behind a fork. */
const CALL = `{ call: fake, with: '\${ . + [$task.name] }' }`;
const COUNT = `export: { as: '($context // 0) + 1' }`;
const RAISE = parse(`{ no: { raise: { error: { type: https://example.com/x, status: 418 } } } }`) as Task;
const AGAIN = parse(
  `{ again: { switch: [{ b: { when: '($context // 0) % 3 != 0', then: t0 } }], ${COUNT} } }`,
) as Task;

const leaf = oneOf(...Array<string>(5).fill(CALL), `{ set: '\${ . + [$task.name] }' }`, `{ wait: PT0.1S }`);
const shared = oneOf(
  ...Array<string>(10).fill('{}'),
  `{ if: 'length % 3 != 1' }`,
  `{ input: { from: '.[-5:]' }, output: { as: '$input + .[-1:]' } }`,
  `{ ${COUNT} }`,
  `{ timeout: { after: PT1H } }`,
  `{ then: exit }`,
);

const named = (tasks: Task[]): Task[] => tasks.map((task, index) => ({ [`t${index}`]: task }));

const { list } = fc.letrec<{ list: Json[]; task: Task; composite: Task }>((tie) => ({
  list: fc
    .tuple(fc.array(tie('task'), { minLength: 2, maxLength: 4 }), fc.boolean())
    .map(([tasks, again]) => (again ? [...named(tasks), AGAIN] : named(tasks))),
  task: fc
    .tuple(
      fc.oneof({ maxDepth: 3 }, { arbitrary: leaf, weight: 2 }, { arbitrary: tie('composite'), weight: 3 }),
      shared,
    )
    .map(([task, more]): Task => ({ ...task, ...more })),
  composite: fc.tuple(fc.nat({ max: 4 }), tie('list'), tie('list')).map(([kind, inner, other]): Task => {
    if (kind === 0) return { do: inner };
    if (kind === 1) return { for: { in: '[1, 2]' }, do: inner };
    if (kind === 2) return { try: inner, catch: { errors: { with: { status: 404 } } } };
    if (kind === 3)
      return { try: [...inner, RAISE], catch: { errors: { with: { status: 418 } }, do: other } };
    return { fork: { branches: [{ a: { do: inner } }, { b: { do: other } }] } };
  }),
}));

/** Puts tasks that change nothing into the lists of a definition, but not among the branches of a fork. */
function padded(tasks: Json[], places: readonly boolean[]): Json[] {
  let count = 0;
  const pads = (): Task[] => {
    count += 1;
    return places[count % places.length] === true ? [{ [`pad${count}`]: { set: '${ . }' } }] : [];
  };
  const padList = (inner: Json[]): Json[] =>
    inner.flatMap((item) => {
      const [[name, task] = ['', null]] = Object.entries(item as Task);
      return [...pads(), { [name]: padTask(task) }, ...pads()];
    });
  const padTask = (task: Json): Json => {
    const members = Object.entries(task as Task).map(([key, value]): [string, Json] => {
      if (key === 'fork') {
        const branches = ((value as Task)['branches'] as Task[]).map((branch) =>
          Object.fromEntries(Object.entries(branch).map(([name, inner]) => [name, padTask(inner)])),
        );
        return [key, { ...(value as Task), branches }];
      }
      if (key === 'catch') return [key, padTask(value)];
      return [key, ['do', 'try'].includes(key) && Array.isArray(value) ? padList(value) : value];
    });
    return Object.fromEntries(members);
  };
  return padList(tasks);
}

/** The key of an effect without the places of the tasks in their lists. */
const byName = (key: string): string => key.replaceAll(/\/\d+(?=\/)/g, '');

/** Fails for good at some of the effects. */
function effect({ argument, key, frame }: FakeCall): Json {
  let hash = 7;
  for (const character of byName(key)) hash = (hash * 33 + character.charCodeAt(0)) % 10_007;
  if (hash % 4 === 0) throw frame.fail('communication', 'no', { status: 400 });
  return argument;
}

/** A tree without what a rerun begins anew. */
function structure(progress: Progress): Json {
  const { root } = copy(progress);
  const skipped = ['untilMs', 'limitMs', 'firstAttemptAtMs', 'startedAtMs', 'faulted', 'steps'];
  return JSON.parse(
    JSON.stringify(root, (key, value: unknown) => (skipped.includes(key) ? undefined : value)),
  ) as Json;
}

/** Branches take turns in another order when there is more between their effects. */
const outline = ({ outcome, executed }: Ran) => ({ outcome, executed: executed.map(byName).toSorted() });

const failing = fc.tuple(list, fc.array(fc.boolean(), { minLength: 3, maxLength: 7 }));

test('a refit to the same definition changes nothing, and one to a padded definition nothing that is seen', async () => {
  let reruns = 0;
  await fc.assert(
    fc.asyncProperty(failing, async ([tasks, places]) => {
      const from = { ...(definition('do: []') as Task), do: tasks };
      const to = { ...from, do: padded(tasks, places) };
      const setup = { input: [], limits: { maxSteps: 500 } };
      const before = await run(from, { ...setup, effect });
      if (before.outcome.kind !== 'failed' || before.outcome.error.status !== 400) return;
      expect(structure(refitted(before.progress, from, from).progress)).toEqual(structure(before.progress));
      const same = await rerun(from, from, before, setup);
      // Without end, or for good at a task that cannot do with its data.
      if (same.outcome.kind === 'failed') return;
      reruns += 1;
      const other = await rerun(from, to, before, { ...setup, limits: { maxSteps: 10_000 } });
      expect(outline(other)).toEqual(outline(same));
    }),
    { numRuns: 80 },
  );
  expect(reruns).toBeGreaterThan(1);
});
