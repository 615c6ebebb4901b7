import { describe, expect, it } from 'vitest';
import { NEVER_MS } from '../../../lib/engine/unwind.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, run } from '../../support/engine-run.ts';
import { event, KEY, listening, outputWith, runWith } from './listen-kit.ts';

const A = '{ with: { type: a } }';
const B = '{ with: { type: b } }';

describe('a task that listens', () => {
  it('waits for an event without a time, says so once, and gives the data of what it has consumed', async () => {
    const ports = new FakePorts();
    const text = listening(`{ one: ${A} }`);
    const first = await run(text, { ports });
    expect(first.outcome).toEqual({ kind: 'parked', untilMs: NEVER_MS });
    ports.events.publish(event('b', 1));
    const again = await run(text, { ports, progress: first.progress });
    expect(again.outcome.kind).toBe('parked');
    ports.events.publish(event('a', { x: 1 }));
    const last = await run(text, { ports, progress: again.progress });
    expect(last.outcome).toEqual({ kind: 'succeeded', output: [{ x: 1 }] });
    expect(ports.story.filter((line) => line.startsWith('task_waiting'))).toHaveLength(1);
  });

  it('is recorded before it listens, and its listener goes when its result is recorded', async () => {
    const ports = new FakePorts();
    const { progress } = await run(listening(`{ one: ${A} }`), { ports });
    expect(progress.listeners).toBe(true);
    expect(ports.moments.slice(0, ports.moments.indexOf('event'))).toEqual(['record', 'recorded']);
    ports.events.publish(event('a'));
    ports.moments.length = 0;
    await run(listening(`{ one: ${A} }`), { ports, progress });
    expect(ports.moments).toEqual(['record', 'recorded', 'event', 'event']);
    expect(ports.events.world.listeners).toEqual([]);
  });

  it('hears nothing of what came before', async () => {
    const ports = new FakePorts();
    ports.events.publish(event('a', 1));
    expect(await outputWith(listening(`{ one: ${A} }`), [event('a', 2)], { ports })).toEqual([2]);
  });

  it.each([
    ['', [{ x: 1 }]],
    [', read: data', [{ x: 1 }]],
    [', read: envelope', [{ specversion: '1.0', id: 'i', source: 'test', type: 'a', data: { x: 1 } }]],
    [', read: raw', [btoa('{"x":1}')]],
  ])('reads events in the form that is asked for:%s', async (read, output) => {
    expect(await outputWith(listening(`{ one: ${A} }`, read), [event('a', { x: 1 }, { id: 'i' })])).toEqual(
      output,
    );
  });

  it.each([
    [{ data: 'text', datacontenttype: 'text/plain' }, 'text', btoa('text')],
    [{ data: 'text' }, 'text', btoa('"text"')],
    [{ data_base64: 'aGk=' }, 'aGk=', 'aGk='],
    [{}, null, null],
  ])('reads the data of %j', async (members, data, raw) => {
    const { data: _, ...bare } = event('a');
    expect(await outputWith(listening(`{ one: ${A} }`), [{ ...bare, ...members }])).toEqual([data]);
    expect(await outputWith(listening(`{ one: ${A} }`, ', read: raw'), [{ ...bare, ...members }])).toEqual([
      raw,
    ]);
  });

  it('is cut off by its timeout, and its listener goes', async () => {
    const ports = new FakePorts();
    const { outcome } = await runWith(
      listening(`{ one: ${A} }`, '', ', timeout: { after: PT1M }'),
      [event('b')],
      { ports },
    );
    expect(outcome).toMatchObject({ kind: 'failed', error: { status: 408 }, retryable: false });
    expect(ports.events.world.listeners).toEqual([]);
    expect(ports.clockMs).toBe(Date.UTC(2026, 0, 1, 0, 1));
  });

  it('listens anew when a `try` around it tries again', async () => {
    const ports = new FakePorts();
    const text = `do: [ { t: { try: [ { l: { listen: { to: { one: ${A} } }, timeout: { after: PT1M } } } ], catch: { retry: { limit: { attempt: { count: 1 } } } } } } ]`;
    const waiting = await run(text, { ports });
    ports.clockMs += 60_000;
    const again = await run(text, { ports, progress: waiting.progress });
    expect(again.outcome.kind).toBe('parked');
    ports.events.publish(event('a', 5));
    const { outcome } = await run(text, { ports, progress: again.progress });
    expect(outcome).toEqual({ kind: 'succeeded', output: [5] });
  });
});

describe('a strategy', () => {
  it('`any` without filters takes the first event there is', async () => {
    expect(await outputWith(listening('{ any: [] }'), [event('x', 1), event('y', 2)])).toEqual([1]);
  });

  it('`any` takes the first event that passes one of its filters', async () => {
    expect(await outputWith(listening(`{ any: [ ${A}, ${B} ] }`), [event('x', 1), event('b', 2)])).toEqual([
      2,
    ]);
  });

  it('`all` takes one event for each filter in the order in which they come', async () => {
    const arriving = [event('b', 1), event('b', 2), event('x', 3), event('a', 4), event('a', 5)];
    expect(await outputWith(listening(`{ all: [ ${A}, ${B} ] }`), arriving)).toEqual([1, 4]);
  });

  it('`all` gives an event to the first filter only that has none', async () => {
    const text = listening(`{ all: [ ${A}, { with: { source: test } } ] }`);
    expect(await outputWith(text, [event('a', 1), event('x', 2)])).toEqual([1, 2]);
    expect(await outputWith(text, [event('x', 1), event('y', 2), event('a', 3)])).toEqual([1, 3]);
  });

  it('`all` of nothing waits for nothing', async () => {
    expect(await outputWith(listening('{ all: [] }'), [])).toEqual([]);
  });

  it('`any` with a condition listens until that holds of the events so far', async () => {
    const arriving = [event('a', 1), event('x', 9), event('b', 2), event('a', 3)];
    expect(await outputWith(listening(`{ any: [ ${A}, ${B} ], until: add >= 3 }`), arriving)).toEqual([1, 2]);
    expect(await outputWith(listening('{ any: [], until: "${ length > 3 }" }'), arriving)).toEqual([
      1, 9, 2, 3,
    ]);
  });

  it('counts an event once, although two filters would take it', async () => {
    const text = listening(`{ any: [ ${A}, ${A} ], until: length == 2 }`);
    expect(await outputWith(text, [event('a', 1), event('a', 2)])).toEqual([1, 2]);
  });

  it('`any` with events to wait for gives those that came before them', async () => {
    const text = listening(`{ any: [ ${A}, ${B} ], until: { all: [ ${B}, { with: { type: c } } ] } }`);
    const arriving = [event('a', 1), event('b', 2), event('b', 3), event('c', 4)];
    expect(await outputWith(text, arriving)).toEqual([1, 3]);
    expect(await outputWith(listening(`{ any: [], until: { one: ${B} } }`), [event('b', 1)])).toEqual([]);
    const any = listening(`{ any: [ ${A} ], until: { any: [ ${B}, { with: { type: c } } ] } }`);
    expect(await outputWith(any, [event('a', 1), event('a', 2), event('c')])).toEqual([1, 2]);
  });

  it('whose condition fails ends in an expression error', async () => {
    const { outcome } = await runWith(listening('{ any: [], until: ".[0].a.b" }'), [event('a', 5)]);
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { title: 'Expression error', instance: '/do/0/l' },
    });
  });
});

describe('a filter of a run', () => {
  it('sees the variables of the run, which the registered one leaves out', async () => {
    const ports = new FakePorts();
    const text = listening(
      '{ one: { with: { type: a, subject: "${ $input.id }", data: "${ . > $input.min }" } } }',
    );
    const input = { id: 's', min: 2 };
    const first = await run(text, { ports, input });
    expect(ports.events.listener(KEY)?.filters).toEqual([{ with: { type: 'a' }, correlate: {} }]);
    for (const [data, subject] of [
      [5, 'other'],
      [1, 's'],
      [7, 's'],
    ] as const)
      ports.events.publish(event('a', data, { subject }));
    const { outcome } = await run(text, { ports, input, progress: first.progress });
    expect(outcome).toEqual({ kind: 'succeeded', output: [7] });
  });

  it('does not match what its expression fails on', async () => {
    const text = listening('{ one: { with: { type: a, data: "${ .x.y > $input }" } } }');
    expect(await outputWith(text, [event('a', { x: 1 }), event('a', { x: { y: 2 } })], { input: 1 })).toEqual(
      [{ x: { y: 2 } }],
    );
  });

  it('sees what an enclosing loop is at', async () => {
    const text =
      'do: [ { f: { for: { in: "${ [1, 2] }" }, do: [ { l: { listen: { to: { one: { with: { data: "${ . == $item }" } } } } } } ] } } ]';
    expect(await outputWith(text, [event('a', 2), event('a', 1), event('a', 2)])).toEqual([2]);
  });
});

describe('a correlation', () => {
  const correlated = (correlate: string): string =>
    listening(`{ one: { with: { type: a }, correlate: { room: { from: .room${correlate} } } } }`);

  it('expects a constant, or what an expression on the input gives, and both are registered', async () => {
    const arriving = [event('a', 1, { room: 'x' }), event('a', 2), event('a', 3, { room: 'y' })];
    expect(await outputWith(correlated(', expect: y'), arriving)).toEqual([3]);
    const ports = new FakePorts();
    await run(correlated(', expect: "${ .r }"'), { ports, input: { r: 'y' } });
    expect(ports.events.listener(KEY)?.filters).toEqual([
      { with: { type: 'a' }, correlate: { room: { from: '.room', expect: 'y' } } },
    ]);
  });

  it('without an expectation expects what it finds first, for the rest of the run', async () => {
    const filter = (type: string) => `{ with: { type: ${type} }, correlate: { room: { from: .room } } }`;
    const text = `do:
      - l: { listen: { to: { all: [ ${filter('a')}, ${filter('b')} ] } } }
      - m: { listen: { to: { one: ${filter('c')} } } }`;
    const ports = new FakePorts();
    const arriving = [
      event('a', 1),
      event('a', 2, { room: 'x' }),
      event('b', 3, { room: 'y' }),
      event('b', 4, { room: 'x' }),
      event('c', 5, { room: 'y' }),
      event('c', 6, { room: 'x' }),
    ];
    const { outcome, progress } = await runWith(text, arriving, { ports });
    expect(outcome).toEqual({ kind: 'succeeded', output: [6] });
    expect(progress.correlations).toEqual({ room: 'x' });
  });

  it('takes any name, also one of every object', async () => {
    const text = listening(
      '{ one: { with: { type: a }, correlate: { __proto__: { from: .room }, constructor: { from: .room } } } }',
    );
    const { progress, outcome } = await runWith(text, [event('a', 1, { room: 'x' })]);
    expect(outcome.kind).toBe('succeeded');
    expect(Object.keys(progress.correlations ?? {}).sort()).toEqual(['__proto__', 'constructor']);
  });

  it('whose expectation fails ends in an expression error before anything is listened to', async () => {
    const ports = new FakePorts();
    const { error } = await failure(correlated(', expect: "${ .a.b }"'), { ports, input: 'text' });
    expect(error).toMatchObject({ title: 'Expression error', instance: '/do/0/l' });
    expect(ports.events.world.listeners).toEqual([]);
  });
});
