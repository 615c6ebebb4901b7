import { describe, expect, test } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { failure, output, run, runToEnd, type FakeCall } from '../../support/engine-run.ts';

const TIMEOUT = 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout';

/** A call that never answers, but for the end of its bounds. */
const hang = ({ frame }: FakeCall): Promise<Json> =>
  new Promise((_resolve, reject) => {
    frame.bounds.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });

describe("a task's timeout", () => {
  test('interrupts a call and is a timeout error of the task', async () => {
    const ports = new FakePorts();
    const startMs = ports.clockMs;
    const { error, retryable } = await failure(
      `do: [{ slow: { call: fake, timeout: { after: { seconds: 5 } } } }]`,
      { ports, effect: hang },
    );
    expect(error).toMatchObject({ type: TIMEOUT, status: 408, instance: '/do/0/slow' });
    expect(retryable, 'the timeout of a call').toBe(true);
    expect(ports.clockMs - startMs).toBe(5000);
  });

  test('of a composite is not retried by the run, and no try inside catches it', async () => {
    const ports = new FakePorts();
    const { error, retryable } = await failure(
      `
      use: { timeouts: { short: { after: PT2S } } }
      do:
        - block:
            timeout: short
            do: [{ t: { try: [{ c: { call: fake } }], catch: { do: [{ s: { set: { caught: true } } }] } } }]
      `,
      { ports, effect: hang },
    );
    expect(error).toMatchObject({ type: TIMEOUT, instance: '/do/0/block' });
    expect(retryable).toBe(false);
    expect(ports.story).toContain('task_cancelled /do/0/block/do/0/t/try/0/c');
  });

  test('of a try is caught by a try around it, and not by its own catch', async () => {
    expect(
      await output(
        `
        do:
          - outer:
              try:
                - inner:
                    timeout: { after: { seconds: 1 } }
                    try: [{ c: { call: fake } }]
                    catch: { do: [{ s: { set: { inner: true } } }] }
              catch: { errors: { with: { status: 408 } }, do: [{ s: { set: '\${ $error.instance }' } }] }
        `,
        { effect: hang },
      ),
    ).toBe('/do/0/outer/try/0/inner');
  });

  test('goes on while the run is parked: it is due when the time is over, wherever the wait would end', async () => {
    const text = `do: [{ b: { timeout: { after: { minutes: 10 } }, do: [{ w: { wait: { hours: 1 } } }] } }]`;
    const ports = new FakePorts();
    const first = await run(text, { ports });
    expect(first.outcome).toEqual({ kind: 'parked', untilMs: ports.clockMs + 600_000 });
    const last = await runToEnd(text);
    expect(last.outcome).toMatchObject({ kind: 'failed', error: { type: TIMEOUT, instance: '/do/0/b' } });
  });

  test('that is not met changes nothing; it may be an expression on the input', async () => {
    expect(
      await output(`do: [{ a: { set: '\${ .x }', timeout: { after: '\${ .limit }' } } }]`, {
        input: { x: 1, limit: 'PT1S' },
      }),
    ).toBe(1);
    const { error } = await failure(`do: [{ a: { set: '\${ .x }', timeout: { after: '\${ .limit }' } } }]`, {
      input: { x: 1, limit: 7 },
    });
    expect(error).toMatchObject({ status: 400, instance: '/do/0/a' });
  });

  test('is evaluated once: what it was read from may have changed when the run goes on', async () => {
    const { outcome } = await runToEnd(`
      timeout: { after: '\${ if $context == null then "PT1H" else $context.no end }' }
      do:
        - begin: { set: { x: 1 }, export: { as: '{ limit: "PT1H" }' } }
        - block:
            timeout: { after: '\${ $context.limit }' }
            do: [{ a: { set: { x: 2 }, export: { as: '{}' } } }, { w: { wait: { minutes: 5 } } }]
      `);
    expect(outcome).toEqual({ kind: 'succeeded', output: { x: 2 } });
  });

  test('starts anew in the next attempt of the run also for a call that is extended', async () => {
    const text = `
      use: { extensions: [{ e: { extend: call, before: [{ s: { set: { x: 1 } } }] } }] }
      do: [{ a: { call: fake, timeout: { after: { seconds: 3 } } } }]
      `;
    const ports = new FakePorts();
    const first = await run(text, {
      ports,
      effect: ({ frame }) => {
        throw frame.fail('communication', 'busy', { status: 503 });
      },
    });
    expect(first.outcome).toMatchObject({ kind: 'failed', retryable: true });
    ports.clockMs += 5000;
    expect(await output(text, { ports, progress: first.progress, effect: () => 'second' })).toBe('second');
  });

  test('starts anew in the next attempt of the run', async () => {
    let calls = 0;
    const { outcome } = await runToEnd(`do: [{ a: { call: fake, timeout: { after: { seconds: 3 } } } }]`, {
      effect: (call) => {
        calls += 1;
        return calls === 1 ? hang(call) : 'second';
      },
    });
    expect(outcome).toEqual({ kind: 'succeeded', output: 'second' });
  });

  test('that is over while a call answers all the same starts no task after it', async () => {
    const ports = new FakePorts();
    const { error } = await failure(
      `do: [{ b: { timeout: { after: { seconds: 5 } }, do: [{ c: { call: fake } }, { s: { set: { late: true } } }] } }]`,
      {
        ports,
        async effect() {
          await new Promise<void>((resolve) => ports.after(6000, resolve));
          return 'late';
        },
      },
    );
    expect(error).toMatchObject({ type: TIMEOUT, instance: '/do/0/b' });
    expect(ports.story).not.toContain('task_started /do/0/b/do/1/s');
  });

  test('ends a loop of waits between its iterations', async () => {
    const { outcome } = await runToEnd(
      `do: [{ l: { timeout: { after: { seconds: 100 } }, for: { in: '[range(100)]' }, do: [{ w: { wait: { seconds: 30 } } }] } }]`,
    );
    expect(outcome).toMatchObject({ kind: 'failed', error: { type: TIMEOUT, instance: '/do/0/l' } });
  });
});

describe("the workflow's timeout", () => {
  test('is final, at the root, and no try catches it', async () => {
    const { error, retryable } = await failure(
      `
      timeout: { after: { seconds: 30 } }
      do: [{ t: { try: [{ c: { call: fake } }], catch: {} } }]
      `,
      { effect: hang },
    );
    expect(error).toMatchObject({ type: TIMEOUT, status: 408, instance: '/' });
    expect(retryable).toBe(false);
  });

  test('counts from the start of the run, over waits', async () => {
    const { outcome, ports } = await runToEnd(`
      timeout: { after: { minutes: 1 } }
      do: [{ a: { wait: { seconds: 40 } } }, { b: { wait: { seconds: 40 } } }, { c: { set: { never: true } } }]
      `);
    expect(outcome).toMatchObject({ kind: 'failed', error: { type: TIMEOUT, instance: '/' } });
    expect(ports.clockMs).toBe(Date.UTC(2026, 0, 1) + 60_000);
  });

  test('that is not met changes nothing', async () => {
    expect(await output(`timeout: { after: { seconds: 1 } }\ndo: [{ a: { set: { x: 1 } } }]`)).toEqual({
      x: 1,
    });
  });
});

describe('limits of a retry policy', () => {
  const policy = (limit: string, more = '') => `
    do:
      - t:
          try: [{ c: { call: fake } }]
          catch: { retry: { delay: { seconds: 1 }, limit: ${limit} }${more} }
    `;

  test('attempt.duration cuts off each attempt, which is then retried', async () => {
    let calls = 0;
    const { outcome, ports } = await runToEnd(policy('{ attempt: { count: 3, duration: { seconds: 2 } } }'), {
      effect: (call) => {
        calls += 1;
        return calls < 3 ? hang(call) : 'third';
      },
    });
    expect(outcome).toEqual({ kind: 'succeeded', output: 'third' });
    expect(ports.clockMs).toBe(Date.UTC(2026, 0, 1) + 2 * 2000 + 2 * 1000);
  });

  test('attempt.duration passes through the same filter: what is not caught goes on', async () => {
    const { error } = await failure(
      policy('{ attempt: { duration: { seconds: 2 } } }', ', errors: { with: { status: 503 } }'),
      { effect: hang },
    );
    expect(error).toMatchObject({ type: TIMEOUT, status: 408, instance: '/do/0/t' });
  });

  test('duration cuts off the attempt under way and is not retried', async () => {
    let calls = 0;
    const { outcome, ports } = await runToEnd(policy('{ duration: { seconds: 10 } }'), {
      effect: (call) => {
        calls += 1;
        return hang(call);
      },
    });
    expect(outcome).toMatchObject({ kind: 'failed', error: { type: TIMEOUT } });
    expect(calls).toBe(1);
    expect(ports.clockMs).toBe(Date.UTC(2026, 0, 1) + 10_000);
  });
});
