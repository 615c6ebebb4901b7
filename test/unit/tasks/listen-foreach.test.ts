import { describe, expect, it } from 'vitest';
import { compileWorkflow } from '../../../lib/dsl/compile.ts';
import { standardError, WorkflowError } from '../../../lib/engine/errors.ts';
import { refit } from '../../../lib/engine/refit.ts';
import type { CloudEvent, Json } from '../../../lib/engine/types.ts';
import { NEVER_MS } from '../../../lib/engine/unwind.ts';
import { TASK_MODULES } from '../../../lib/tasks/index.ts';
import { expectSameEndFromEveryMoment, expectSameFromEveryMoment } from '../../support/engine-crash.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { definition, RUN_ID, run, type FakeCall } from '../../support/engine-run.ts';
import { event, listening, outputWith, runWith } from './listen-kit.ts';

const TWO = '{ any: [ { with: { type: a } } ], until: length == 2 }';
const pair = (): CloudEvent[] => [event('a', { n: 1 }), event('x'), event('a', { n: 2 })];

describe('foreach', () => {
  it('gives each event to its tasks, as input and as a variable with its index', async () => {
    const text = listening(
      TWO,
      '',
      ', foreach: { item: e, at: i, do: [ { s: { set: { in: "${ . }", e: "${ $e }", i: "${ $i }" } } } ] }',
    );
    expect(await outputWith(text, pair())).toEqual([
      { in: { n: 1 }, e: { n: 1 }, i: 0 },
      { in: { n: 2 }, e: { n: 2 }, i: 1 },
    ]);
  });

  it('without tasks gives the event; `output.as` transforms it', async () => {
    expect(await outputWith(listening(TWO, '', ', foreach: {}'), pair())).toEqual([{ n: 1 }, { n: 2 }]);
    const text = listening(TWO, '', ', foreach: { output: { as: "${ .n + $index + $item.n }" } }');
    expect(await outputWith(text, pair())).toEqual([2, 5]);
  });

  it('exports into the context after each event, where the next one and `until` see it', async () => {
    const text = listening(
      '{ any: [], until: $context.sum >= 3 }',
      '',
      ', foreach: { output: { as: .n }, export: { as: "${ { sum: (($context.sum // 0) + $output + .) } }" } }, output: { as: "${ [., $context] }" }',
    );
    const arriving = [event('a', { n: 1 }), event('a', { n: 2 }), event('a', { n: 9 })];
    expect(await outputWith(text, arriving)).toEqual([[1, 2], { sum: 6 }]);
  });

  it('checks what it gives and exports', async () => {
    const schema = 'schema: { document: { type: string } }';
    const output = await runWith(listening(TWO, '', `, foreach: { output: { ${schema} } }`), pair());
    expect(output.outcome).toMatchObject({
      error: {
        title: 'Validation error',
        detail: expect.stringContaining('`foreach.output.schema`') as string,
      },
    });
    const exported = await runWith(listening(TWO, '', `, foreach: { export: { as: ., ${schema} } }`), pair());
    expect(exported.outcome).toMatchObject({
      error: { detail: expect.stringContaining('`foreach.export.schema`') as string },
    });
  });

  it('has an idempotency key for each event', async () => {
    const text = listening(TWO, '', ', foreach: { do: [ { c: { call: fake } } ] }');
    const { executed } = await runWith(text, pair());
    expect(executed).toEqual([0, 1].map((index) => `${RUN_ID}/do/0/l[${index}]/foreach/do/0/c`));
  });

  it('begins with the event before the next one is looked at, although both are there', async () => {
    const ports = new FakePorts();
    const text = listening(TWO, '', ', foreach: { do: [ { w: { wait: PT1H } } ] }');
    const first = await run(text, { ports });
    for (const arriving of pair()) ports.events.publish(arriving);
    const { outcome } = await run(text, { ports, progress: first.progress });
    expect(outcome).toEqual({ kind: 'parked', untilMs: ports.clockMs + 3_600_000 });
  });

  it('without an end keeps no events', async () => {
    const ports = new FakePorts();
    const text = listening(
      '{ any: [], until: "${ false }" }',
      '',
      ', foreach: { do: [ { s: { set: { x: 1 } } } ] }',
    );
    const first = await run(text, { ports });
    for (let count = 0; count < 100; count += 1) ports.events.publish(event('a', 'x'.repeat(1000)));
    const { progress, outcome } = await run(text, { ports, progress: first.progress });
    expect(outcome.kind).toBe('parked');
    expect(JSON.stringify(progress).length).toBeLessThan(2000);
  });

  it('is ended by `then: end` inside, and one event by `then: exit`', async () => {
    const tasks = '[ { s: { set: { x: 1 }, then: exit } }, { t: { set: { x: 2 } } } ]';
    expect(await outputWith(listening(TWO, '', `, foreach: { do: ${tasks} }`), pair())).toEqual([
      { x: 1 },
      { x: 1 },
    ]);
    const ended = tasks.replace('exit', 'end');
    expect(await outputWith(listening(TWO, '', `, foreach: { do: ${ended} }`), pair())).toEqual({ x: 1 });
  });
});

describe('after an error in its tasks', () => {
  const text = listening(
    TWO,
    '',
    ', foreach: { do: [ { c: { call: fake, with: "${ $item.n }" } }, { r: { if: "${ $item.n == 2 and $workflow.input.fail }", raise: { error: { type: "https://x.y/e", status: 400 } } } } ] }',
  );

  it('the next attempt of the run goes on with the same event', async () => {
    const failing = (call: FakeCall): Json => {
      if (call.argument !== 2 || call.earlier > 0) return call.argument;
      const error = standardError('communication', 'busy', call.frame.instance, { status: 503 });
      throw new WorkflowError(error, 'call');
    };
    const { outcome, executed } = await expectSameFromEveryMoment(text, { effect: failing }, pair());
    expect(outcome).toEqual({ kind: 'succeeded', output: [1, 2] });
    expect(executed.map((key) => key.at(`${RUN_ID}/do/0/l[`.length))).toEqual(['0', '1', '1']);
  });

  it('a `try` that tries again listens for what is expected then', async () => {
    const retried = `do: [ { t: { try: [
      { ask: { call: fake, export: { as: '\${ { id: . } }' } } },
      { l: { listen: { to: { one: { with: { type: a }, correlate: { id: { from: .data.id, expect: '\${ $context.id }' } } } } },
        foreach: { do: [ { r: { if: '\${ $context.id == 1 }', raise: { error: { type: "https://x.y/e", status: 400 } } } } ] } } }
    ], catch: { retry: { limit: { attempt: { count: 1 } } } } } } ]`;
    const { outcome } = await runWith(retried, [event('a', { id: 1 }), event('a', { id: 2 })], {
      effect: ({ earlier }) => earlier + 1,
    });
    expect(outcome).toEqual({ kind: 'succeeded', output: [{ id: 2 }] });
  });

  it('another run can go on with the event at hand and with what was made of those before', async () => {
    const failed = await runWith(text, pair(), { input: { fail: true } });
    expect(failed.outcome).toMatchObject({ kind: 'failed', error: { status: 400 } });
    const compiled = compileWorkflow(definition(text.replaceAll('call: fake', 'call: f')), [
      {
        kind: 'f',
        matches: (node) => node['call'] === 'f',
        compile: () => ({ durable: true, run: () => null }),
      },
      ...TASK_MODULES,
    ]);
    expect(refit(failed.progress, compiled, compiled)).toBeNull();
    const ports = new FakePorts();
    const again = await run(text, { ports, input: { fail: false }, progress: failed.progress });
    expect(again.outcome).toEqual({ kind: 'parked', untilMs: NEVER_MS });
    expect(again.executed).toEqual([]);
    for (const n of [3, 4]) ports.events.publish(event('a', { n }));
    const { outcome } = await run(text, { ports, input: { fail: false }, progress: again.progress });
    expect(outcome).toEqual({ kind: 'succeeded', output: [1, 2, 3, 4] });
  });
});

describe('whenever the process dies', () => {
  const large = (n: number): CloudEvent => event('a', { n, text: 'x'.repeat(5000) });

  it('each event is consumed once, in order, with the same end', async () => {
    const text = listening(
      '{ any: [ { with: { type: a }, correlate: { c: { from: .c } } } ], until: { one: { with: { type: stop } } } }',
      '',
      ', foreach: { do: [ { c: { call: fake, with: "${ $item.n }" } }, { w: { wait: PT2S } }, { d: { call: fake, with: "${ $index }" } } ], export: { as: "${ ($context // []) + [.] }" } }, output: { as: "${ [., $context] }" }',
    );
    const arriving = [
      { ...large(1), c: 'x' },
      { ...event('a', { n: 7 }), c: 'y' },
      { ...event('a', { n: 2 }), c: 'x' },
      { ...large(3), c: 'x' },
      event('stop'),
    ];
    const { outcome, executed, events } = await expectSameFromEveryMoment(text, {}, arriving);
    expect(outcome).toEqual({
      kind: 'succeeded',
      output: [
        [0, 1, 2],
        [0, 1, 2],
      ],
    });
    expect(executed).toHaveLength(6);
    expect(events.listeners).toEqual([]);
  });

  it('the events that were kept are the same', async () => {
    const text = listening('{ any: [ { with: { type: a } } ], until: "${ map(.n) | add == 6 }" }');
    const { outcome } = await expectSameFromEveryMoment(text, {}, [large(1), event('b'), large(2), large(3)]);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: [{ n: 1 }, { n: 2 }, { n: 3 }] });
    const all = listening('{ all: [ { with: { type: a } }, { with: { type: b } } ] }');
    const both = await expectSameFromEveryMoment(all, {}, [event('b', 1), event('b', 2), event('a', 3)]);
    expect(both.outcome).toEqual({ kind: 'succeeded', output: [1, 3] });
  });

  it('a time limit holds, and what comes after it is not heard', async () => {
    const text = `do: [ { t: { try: [ { l: { listen: { to: { one: { with: { type: a } } } }, timeout: { after: PT1M } } } ], catch: { do: [ { s: { set: { late: true } } } ] } } }, { e: { emit: { event: { with: { type: a } } } } } ]`;
    const { outcome, events } = await expectSameFromEveryMoment(text, {}, [event('b')]);
    expect(outcome.kind).toBe('succeeded');
    expect(events.listeners).toEqual([]);
    expect(events.events).toHaveLength(2);
  });

  it('branches hear each other', async () => {
    const text = `do:
      - f:
          fork:
            branches:
              - l: { listen: { to: { one: { with: { type: a } } } } }
              - e: { do: [ { w: { wait: PT3S } }, { e: { emit: { event: { with: { type: a, data: 5 } } }, output: { as: .data } } } ] }`;
    const { outcome } = await expectSameEndFromEveryMoment(text);
    expect(outcome).toEqual({ kind: 'succeeded', output: [[5], 5] });
  });

  it('the losers of a competition listen no longer', async () => {
    const text = `do:
      - g:
          fork:
            compete: true
            branches:
              - l: { listen: { to: { any: [ { with: { type: a } } ], until: length == 3 } } }
              - m: { listen: { to: { one: { with: { type: b } } } } }`;
    const arriving = [event('a', 1), event('a', 2), event('b', 6)];
    const { outcome, events } = await expectSameEndFromEveryMoment(text, {}, arriving);
    expect(outcome).toEqual({ kind: 'succeeded', output: [6] });
    expect(events.listeners).toEqual([]);
    expect(events.closed).toHaveLength(2);
  });

  it('in functions and extensions events are emitted and heard as elsewhere', async () => {
    const text = `
      use:
        functions:
          ask: { do: [ { e: { emit: { event: { with: { type: q } } } } }, { l: { listen: { to: { one: { with: { type: a } } } } } } ] }
        extensions:
          - logged: { extend: set, before: [ { e: { emit: { event: { with: { type: log } } } } }, { l: { listen: { to: { one: { with: { type: ok } } } } } } ] }
      do: [ { c: { call: ask } }, { s: { set: { got: "\${ . }" } } } ]`;
    const { outcome, events } = await expectSameFromEveryMoment(text, {}, [event('a', 1), event('ok')]);
    expect(outcome).toEqual({ kind: 'succeeded', output: { got: [1] } });
    expect(events.events.map(({ type }) => type)).toEqual(['q', 'a', 'log', 'ok']);
  });
});
