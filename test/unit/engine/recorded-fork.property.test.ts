/** What has been recorded in a branch of a fork is in what is stored, also of forks inside of branches. */
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { newProgress } from '../../../lib/engine/tree.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { Store } from '../../support/engine-crash.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { definition, run } from '../../support/engine-run.ts';

type Task = { [key: string]: Json };

const leaf = fc.constantFrom(
  ...['{ call: fake, with: 1 }', '{ call: f }', '{ set: { x: 1 } }', '{ wait: PT0.1S }'].map(
    (text) => parse(text) as Task,
  ),
);
const shared = fc.constantFrom(
  ...['{}', `{ input: { from: '"in"' } }`, `{ if: 'true' }`, `{ export: { as: '"out"' } }`].map(
    (text) => parse(text) as Task,
  ),
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
  composite: fc.tuple(fc.nat({ max: 5 }), tie('list'), tie('list')).map(([kind, inner, other]): Task => {
    if (kind === 0) return { do: inner };
    if (kind === 1) return { for: { in: '[1, 2]' }, do: inner };
    if (kind === 2) return { try: inner, catch: {} };
    return { fork: { branches: named([{ do: inner }, { do: other }]) } };
  }),
}));

interface Death {
  progress: string;
  parts: [number, string][];
  clockMs: number;
  recorded: string[];
}

const MAX_DEATHS = 15;
const USE = parse(
  `functions: { f: { fork: { branches: [{ b: { call: fake, with: 2 } }, { c: { call: fake, with: 3 } }] } } }`,
) as Json;

/** Runs to the end, and answers with what is stored at each moment. */
async function live(workflow: Json): Promise<Death[]> {
  const store = new Store({ progress: JSON.stringify({ format: 1, ...newProgress() }), parts: [] });
  const ports = new FakePorts();
  ports.monotonicStepMs = 3;
  ports.changed = (branch) => store.changed(branch);
  const recorded = new Set<string>();
  const deaths: Death[] = [];
  ports.onMoment = () => {
    store.write();
    deaths.push({
      progress: store.root,
      parts: [...store.parts],
      clockMs: ports.clockMs,
      recorded: [...recorded],
    });
  };
  const { outcome } = await run(workflow, { ports, progress: store.progress, recorded });
  expect(outcome.kind).toBe('succeeded');
  return deaths;
}

describe('any workflow with forks inside of forks', () => {
  test('that is killed does nothing again that was recorded', { timeout: 60_000 }, async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(list, async (tasks) => {
        const workflow = { ...(definition('{}') as Task), use: USE, do: tasks };
        const deaths = await live(workflow);
        const step = Math.ceil(deaths.length / MAX_DEATHS);
        for (const death of deaths.filter((_death, index) => index % step === 0)) {
          const { progress } = new Store(death);
          const ports = new FakePorts();
          ports.clockMs = death.clockMs;
          const { executed, outcome } = await run(workflow, { ports, progress });
          expect(outcome.kind).toBe('succeeded');
          expect(executed.filter((key) => death.recorded.includes(key))).toEqual([]);
          seen += death.recorded.length;
        }
      }),
      { numRuns: 80, seed: 20_261_125 },
    );
    expect(seen).toBeGreaterThan(1000);
  });
});
