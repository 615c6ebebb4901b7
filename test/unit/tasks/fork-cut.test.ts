/** What a fork that is decided leaves behind: nothing of the branches that it cuts off. */
import { describe, expect, test } from 'vitest';
import { newProgress } from '../../../lib/engine/tree.ts';
import type { Json, Progress } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, output, run, runToEnd, type FakeCall } from '../../support/engine-run.ts';

const CHILD = `run: { workflow: { namespace: a, name: b } }`;
const RAISE = `raise: { error: { type: https://example.com/e, status: 418 } }`;
const busy = ({ frame }: FakeCall): Json => {
  throw frame.fail('communication', 'busy', { status: 503 });
};
const copy = (progress: Progress) => JSON.parse(JSON.stringify(progress)) as Progress;

describe('a child run in a branch that waits', () => {
  test('is cancelled when the error of another branch cuts it off', async () => {
    const ports = new FakePorts();
    const { error } = await failure(
      `do: [{ f: { fork: { branches: [{ a: { ${CHILD} } }, { b: { do: [{ w: { wait: PT0.5S } }, { r: { ${RAISE} } }] } }] } } }]`,
      { ports },
    );
    expect(error.status).toBe(418);
    expect(ports.children.cancelled).toEqual(['child-1']);
    expect(ports.story).toContain('task_cancelled /do/0/f/fork/branches/0/a');
  });

  test('is cancelled when another branch wins, also from inside a fork of its own', async () => {
    const ports = new FakePorts();
    const inner = `{ fork: { branches: [{ x: { ${CHILD} } }, { y: { wait: PT1H } }] } }`;
    const text = `do: [{ f: { fork: { compete: true, branches: [{ a: ${inner} }, { b: { do: [{ w: { wait: PT5M } }, { s: { set: { won: true } } }] } }] } } }]`;
    const { outcome } = await runToEnd(text, { ports });
    expect(outcome).toEqual({ kind: 'succeeded', output: { won: true } });
    expect(ports.children.cancelled).toEqual(['child-1']);
  });

  test('goes on when the run is handed over to another worker', async () => {
    const ports = new FakePorts();
    const text = `do: [{ f: { fork: { branches: [{ a: { ${CHILD} } }, { b: { call: fake } }] } } }]`;
    const { outcome } = await run(text, {
      ports,
      effect: ({ frame }) =>
        new Promise<Json>((_resolve, reject) => {
          frame.bounds.signal.addEventListener('abort', () => reject(new DOMException('x', 'AbortError')));
          ports.interrupt('shutdown', true);
        }),
    });
    expect(outcome).toEqual({ kind: 'interrupted', reason: 'shutdown' });
    expect(ports.children.cancelled).toEqual([]);
    expect(ports.story.filter((line) => line.startsWith('task_cancelled'))).toEqual([]);
  });

  test('goes on when the database cannot be asked for another branch', async () => {
    const ports = new FakePorts();
    const text = `do: [{ f: { fork: { branches: [{ a: { ${CHILD} } }, { b: { do: [{ w: { wait: PT0.5S } }, { c: { ${CHILD} } }] } }] } } }]`;
    const { find } = ports.children;
    ports.children.find = async (id) => {
      if (id === 'child-2') throw new Error('the database is away');
      return find.call(ports.children, id);
    };
    await expect(run(text, { ports })).rejects.toThrow('the database is away');
    expect(ports.children.cancelled).toEqual([]);
  });

  test('that was cut off is started anew when the run goes on in the next attempt', async () => {
    const ports = new FakePorts();
    const { cancel } = ports.children;
    ports.children.cancel = async (id) => {
      ports.children.states.set(id, { kind: 'cancelled' });
      await cancel.call(ports.children, id);
    };
    const text = `do: [{ f: { fork: { branches: [{ a: { ${CHILD} } }, { b: { do: [{ w: { wait: PT0.5S } }, { c: { call: fake, with: 1 } }] } }] } } }]`;
    const first = await run(text, {
      ports,
      effect: busy,
    });
    expect(first.outcome).toMatchObject({ kind: 'failed', retryable: true });
    expect(ports.children.cancelled).toEqual(['child-1']);
    const second = await run(text, { ports, progress: copy(first.progress) });
    expect(second.outcome.kind).toBe('parked');
    ports.children.states.set('child-2', { kind: 'succeeded', output: 'done' });
    const last = await run(text, { ports, progress: copy(second.progress) });
    expect(last.outcome).toEqual({ kind: 'succeeded', output: ['done', 1] });
  });

  test('whose worker dies between its cancellation and the record of it is not taken for a failed one', async () => {
    const text = `do: [{ f: { fork: { branches: [{ a: { ${CHILD} } }, { b: { do: [{ w: { wait: PT0.5S } }, { c: { call: fake, with: 1 } }] } }] } } }]`;
    const ports = new FakePorts();
    const progress = newProgress();
    let recorded = '';
    let left = '';
    ports.onMoment = (moment) => {
      if (moment === 'recorded') recorded = JSON.stringify(progress);
    };
    ports.children.cancel = async (id) => {
      ports.children.states.set(id, { kind: 'cancelled' });
      left = recorded;
    };
    await run(text, { ports, progress, effect: busy });
    const second = await run(text, { ports, progress: JSON.parse(left) as Progress });
    expect(second.outcome, "the decision stands, and the call's error with it").toMatchObject({
      kind: 'failed',
      error: { status: 503 },
      retryable: true,
    });
    const third = await run(text, { ports, progress: copy(second.progress) });
    expect(third.outcome.kind, 'the next attempt has a child of its own').toBe('parked');
  });

  test('is cancelled by the next worker when this one is asked to stop before it can be', async () => {
    const text = `do: [{ f: { fork: { compete: true, branches: [{ a: { ${CHILD} } }, { b: { do: [{ w: { wait: PT0.5S } }, { c: { call: fake, with: won } }] } }] } } }]`;
    const ports = new FakePorts();
    const first = await run(text, {
      ports,
      effect: () => {
        ports.turn = () => {
          if (ports.story.includes('task_completed /do/0/f/fork/branches/1/b')) ports.interrupt('shutdown');
          return undefined;
        };
        return 'won';
      },
    });
    expect(first.outcome).toEqual({ kind: 'interrupted', reason: 'shutdown' });
    expect(ports.children.cancelled).toEqual([]);
    const later = new FakePorts();
    const { outcome, executed } = await run(text, { ports: later, progress: copy(first.progress) });
    expect(outcome).toEqual({ kind: 'succeeded', output: 'won' });
    expect(executed).toEqual([]);
    expect(later.children.cancelled).toEqual(['child-1']);
  });

  test('that a dead worker started is cancelled although nothing says that it was started', async () => {
    const text = `do: [{ b: { timeout: { after: PT10S }, do: [{ a: { ${CHILD} } }] } }]`;
    const ports = new FakePorts();
    const progress = newProgress();
    let died = '';
    ports.onMoment = (moment) => {
      if (moment === 'child') died = JSON.stringify(progress);
    };
    await run(text, { ports, progress });
    ports.onMoment = () => {};
    ports.clockMs += 20_000;
    const { error } = await failure(text, { ports, progress: JSON.parse(died) as Progress });
    expect(error.status).toBe(408);
    expect(ports.children.cancelled).toEqual(['child-1']);
  });
});

describe('a competition that is over', () => {
  test('at the very moment of a time limit around it still has its winner', async () => {
    const ports = new FakePorts();
    ports.turn = (usedMs) => (usedMs === 0 ? undefined : new Promise((r) => ports.after(2000, r)));
    expect(
      await output(
        `do: [{ f: { timeout: { after: PT1S }, fork: { compete: true, branches: [{ a: { call: fake, with: { won: true }, output: { as: . } } }] } } }]`,
        { ports },
      ),
    ).toEqual({ won: true });
  });

  test('that all have lost fails with the last error in time, also after a crash', async () => {
    const raise = (status: number) =>
      `{ raise: { error: { type: https://example.com/e, status: ${status} } } }`;
    const text = `do: [{ f: { fork: { compete: true, branches: [{ a: { do: [{ w: { wait: PT5M } }, { r: ${raise(410)} }] } }, { b: ${raise(400)} }] } } }]`;
    const ports = new FakePorts();
    const { progress } = await run(text, { ports });
    ports.clockMs += 300_000;
    let left = '';
    const { timeline } = ports;
    ports.timeline = (entry) => {
      timeline.call(ports, entry);
      // Dies when the last branch has failed, and nobody has said so of the fork.
      if (entry.task.endsWith('/a') && entry.type === 'task_faulted')
        queueMicrotask(() => (left = JSON.stringify(progress)));
    };
    expect((await failure(text, { ports, progress })).error.status).toBe(410);
    expect((await failure(text, { progress: JSON.parse(left) as Progress })).error.status).toBe(410);
  });
});

test('of two branches that end the run in the same turn the first gives its output', async () => {
  expect(
    await output(
      `do: [{ f: { fork: { branches: [{ a: { set: 1, then: end } }, { b: { set: 2, then: end, output: { as: . } } }] } } }]`,
    ),
  ).toBe(1);
});
