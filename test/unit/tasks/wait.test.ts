import { describe, expect, test } from 'vitest';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, output, run, runToEnd } from '../../support/engine-run.ts';
import type { Progress } from '../../../lib/engine/types.ts';

const copy = (progress: Progress) => JSON.parse(JSON.stringify(progress)) as Progress;

describe('wait', () => {
  test('of at most a second sleeps in place, and gives its input', async () => {
    const { outcome, ports } = await run(`do: [{ w: { wait: { seconds: 1 } } }]`, { input: 7 });
    expect(outcome).toEqual({ kind: 'succeeded', output: 7 });
    expect(ports.sleeps).toEqual([1000]);
    expect(ports.story).toEqual(['task_started /do/0/w', 'task_completed /do/0/w']);
  });

  test('of no time does not sleep', async () => {
    const { ports } = await run(`do: [{ w: { wait: PT0S } }]`);
    expect(ports.sleeps).toEqual([]);
  });

  test('of more than a second gives the slot back, and goes on once it is due', async () => {
    const text = `do: [{ w: { wait: PT1.001S } }, { after: { set: { seen: '\${ . }' } } }]`;
    const ports = new FakePorts();
    const untilMs = ports.clockMs + 1001;
    const first = await run(text, { input: 7, ports });
    expect(first.outcome).toEqual({ kind: 'parked', untilMs });
    expect(ports.sleeps).toEqual([]);
    expect(ports.entries.at(-1)).toMatchObject({
      type: 'task_waiting',
      task: '/do/0/w',
      until: new Date(untilMs).toISOString(),
    });

    ports.clockMs = untilMs;
    const second = await run(text, { input: 7, ports, progress: copy(first.progress) });
    expect(second.outcome).toEqual({ kind: 'succeeded', output: { seen: 7 } });
    expect(ports.story).toEqual([
      'task_started /do/0/w',
      'task_waiting /do/0/w',
      'task_completed /do/0/w',
      'task_started /do/1/after',
      'task_completed /do/1/after',
    ]);
  });

  test('taken up too early it waits for the same instant, and says so only once', async () => {
    const text = `do: [{ w: { wait: { minutes: 1 } } }]`;
    const ports = new FakePorts();
    const first = await run(text, { ports });
    ports.clockMs += 30_000;
    const second = await run(text, { ports, progress: copy(first.progress) });
    expect(second.outcome).toEqual(first.outcome);
    ports.clockMs += 29_500;
    const third = await run(text, { ports, progress: copy(second.progress) });
    expect(third.outcome.kind).toBe('succeeded');
    expect(ports.sleeps).toEqual([500]);
    expect(ports.story.filter((line) => line.startsWith('task_waiting'))).toHaveLength(1);
  });

  test('inside loops and tries is taken up where it was', async () => {
    const { outcome, executed } = await runToEnd(`
      do:
        - loop:
            for: { in: '[1, 2]' }
            do:
              - guarded:
                  try:
                    - call: { call: fake, with: '\${ . + [$item] }' }
                    - pause: { wait: PT5S }
                  catch: {}
      `);
    expect(outcome).toEqual({ kind: 'succeeded', output: [1, 2] });
    expect(executed).toHaveLength(2);
  });

  test('takes an expression of its input', async () => {
    const { ports } = await run(`do: [{ w: { input: { from: .d }, wait: '\${ . }' } }]`, {
      input: { d: 'PT0.2S' },
    });
    expect(ports.sleeps).toEqual([200]);
  });

  test('whose expression gives no duration is an expression error', async () => {
    const { error } = await failure(`do: [{ w: { wait: '\${ 5 }' } }]`);
    expect(error).toMatchObject({ type: expect.stringContaining('/expression'), instance: '/do/0/w' });
  });

  test('of more than 365 days is a configuration error', async () => {
    expect((await failure(`do: [{ w: { wait: P366D } }]`)).error).toMatchObject({
      type: expect.stringContaining('/configuration'),
      instance: '/do/0/w',
    });
    expect((await run(`do: [{ w: { wait: P365D } }]`)).outcome.kind).toBe('parked');
  });

  test('a short sleep that is cut short interrupts the run, which then waits for the rest', async () => {
    const ports = new FakePorts();
    ports.onMoment = (moment) => {
      if (moment === 'sleep') ports.interrupt('shutdown', true);
    };
    const text = `do: [{ w: { wait: { milliseconds: 800 } } }]`;
    const first = await run(text, { ports });
    expect(first.outcome).toEqual({ kind: 'interrupted', reason: 'shutdown' });
    const later = new FakePorts();
    later.clockMs = ports.clockMs + 300;
    expect(await output(text, { ports: later, progress: copy(first.progress) })).toBeNull();
    expect(later.sleeps).toEqual([500]);
  });
});
