import { describe, expect, test } from 'vitest';
import { NEVER_MS } from '../../../lib/engine/unwind.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, run } from '../../support/engine-run.ts';

const child = (more = '') =>
  `do: [{ r: { run: { workflow: { namespace: shop, name: pay, version: 1.2.0, input: { amount: '\${ .total }' } }${more} } } }]`;

describe('a run of another workflow', () => {
  test('is started once with its input, and waited for without a time', async () => {
    const ports = new FakePorts();
    const first = await run(child(), { ports, input: { total: 3 } });
    expect(first.outcome).toEqual({ kind: 'parked', untilMs: NEVER_MS });
    expect(ports.children.started).toEqual([
      {
        id: 'child-1',
        namespace: 'shop',
        name: 'pay',
        version: '1.2.0',
        input: { amount: 3 },
        awaited: true,
      },
    ]);
    const again = await run(child(), { ports, input: { total: 3 }, progress: first.progress });
    expect(again.outcome.kind).toBe('parked');
    ports.children.states.set('child-1', { kind: 'succeeded', output: { paid: true } });
    const last = await run(child(), { ports, input: { total: 3 }, progress: again.progress });
    expect(last.outcome).toEqual({ kind: 'succeeded', output: { paid: true } });
    expect(ports.children.started).toHaveLength(1);
    expect(ports.story.filter((line) => line.startsWith('task_waiting'))).toHaveLength(1);
  });

  test('has its id recorded before it is started', async () => {
    const ports = new FakePorts();
    await run(child(), { ports });
    const before = ports.moments.slice(0, ports.moments.indexOf('child'));
    expect(before).toEqual(['record', 'recorded']);
  });

  test("without a version is the latest, without input has the task's", async () => {
    const ports = new FakePorts();
    await run(`do: [{ r: { run: { workflow: { namespace: a, name: b } } } }]`, { ports, input: [1] });
    expect(ports.children.started[0]).toMatchObject({ version: 'latest', input: [1] });
  });

  test('with await false gives the input at once', async () => {
    const ports = new FakePorts();
    const { outcome } = await run(child(', await: false'), { ports, input: { total: 3 } });
    expect(outcome).toEqual({ kind: 'succeeded', output: { total: 3 } });
    expect(ports.children.started[0]?.awaited).toBe(false);
  });

  test("that fails fails the task with the same error, which the parent's run does not retry", async () => {
    const ports = new FakePorts();
    const error = {
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication',
      status: 503,
      title: 'busy',
      instance: '/do/4/x',
    };
    ports.children.states.set('child-1', { kind: 'failed', error });
    const failed = await failure(child(), { ports, input: { total: 3 } });
    expect(failed.error).toEqual({ ...error, instance: '/do/0/r' });
    expect(failed.retryable).toBe(false);
  });

  test('that is cancelled is a runtime error; one that cannot be started a configuration error', async () => {
    const ports = new FakePorts();
    ports.children.states.set('child-1', { kind: 'cancelled' });
    expect((await failure(child(), { ports })).error).toMatchObject({ status: 500, instance: '/do/0/r' });
    const other = new FakePorts();
    other.children.problem = 'no version of it is published';
    const { error } = await failure(child(), { ports: other });
    expect(error).toMatchObject({ status: 400 });
    expect(error.detail).toContain('no version of it is published');
  });

  test('is cancelled when the task that waits is cut off', async () => {
    const ports = new FakePorts();
    const text = child(', timeout: { after: { minutes: 1 } }')
      .replace('run:', 'timeout: { after: { minutes: 1 } }, run:')
      .replace(', timeout: { after: { minutes: 1 } } }', ' }');
    const first = await run(text, { ports });
    expect(first.outcome).toEqual({ kind: 'parked', untilMs: ports.clockMs + 60_000 });
    ports.clockMs += 60_000;
    const last = await run(text, { ports, progress: first.progress });
    expect(last.outcome).toMatchObject({ kind: 'failed', error: { status: 408, instance: '/do/0/r' } });
    expect(ports.children.cancelled).toEqual(['child-1']);
  });

  test('in a fork is looked at again while other branches run', async () => {
    const ports = new FakePorts();
    const text = `
      do:
        - f:
            fork:
              branches:
                - a: { run: { workflow: { namespace: a, name: b } } }
                - b: { for: { in: '[range(6)]' }, do: [{ w: { wait: { seconds: 1 } } }] }
      `;
    ports.onMoment = () => {
      if (ports.sleeps.length > 2)
        ports.children.states.set('child-1', { kind: 'succeeded', output: 'done' });
    };
    const { outcome } = await run(text, { ports });
    expect(outcome).toMatchObject({ kind: 'succeeded', output: ['done', null] });
  });
});
