import { describe, expect, test } from 'vitest';
import { FakePorts } from '../../support/engine-ports.ts';
import { failBad, failed, rerun } from '../../support/rerun.ts';

const call = (name: string): string => `${name}: { call: fake, with: '\${ . + ["${name}"] }' }`;
const SETUP = { input: [] };

describe('what belongs to one run alone begins anew', () => {
  test('time limits', async () => {
    const text = `
timeout: { after: { hours: 1 } }
do: [{ it: { timeout: { after: { hours: 1 } }, do: [{ ${call('bad')} }, { pause: { wait: PT1S } }] } }]`;
    const before = await failed(text, SETUP);
    before.ports.clockMs += 86_400_000;
    const startedAtMs = before.ports.clockMs;
    const after = await rerun(text, text, before, { ...SETUP, startedAtMs });
    expect(after.outcome).toEqual({ kind: 'succeeded', output: ['bad'] });
  });

  test('the count of steps', async () => {
    const text = `do: [{ ${call('one')} }, { ${call('bad')} }, { ${call('last')} }]`;
    const before = await failed(text, SETUP);
    const after = await rerun(text, text, before, { ...SETUP, limits: { maxSteps: 2 } });
    expect(after.outcome.kind).toBe('succeeded');
  });

  const CHILD = `do: [{ it: { run: { workflow: { namespace: n, name: c, version: 1.0.0 } } } }]`;

  test('a child that failed is started again, under another id', async () => {
    const ports = new FakePorts();
    const error = { type: 'https://x', status: 400, title: 'no', instance: '/' };
    ports.children.states.set('child-1', { kind: 'failed', error });
    const before = await failed(CHILD, { ...SETUP, ports });
    const after = await rerun(CHILD, CHILD, before, SETUP);
    expect(after.outcome.kind).toBe('parked');
    expect(ports.children.started.map(({ id }) => id)).toEqual(['child-1', 'child-2']);
  });

  test('a child that succeeded is not, and neither is one that nobody waited for', async () => {
    const as = 'output: { as: .x.y }';
    for (const awaits of [true, false]) {
      const ports = new FakePorts();
      ports.children.states.set('child-1', { kind: 'succeeded', output: 'theirs' });
      const from = CHILD.replace('1.0.0 }', `1.0.0 }, await: ${awaits}`).replace('{ run', `{ ${as}, run`);
      const before = await failed(from, { input: 'mine', ports });
      const after = await rerun(from, from.replace(`${as}, `, ''), before, { input: 'mine' });
      expect(after.outcome).toEqual({ kind: 'succeeded', output: awaits ? 'theirs' : 'mine' });
      expect(ports.children.started).toHaveLength(1);
    }
  });

  test('the timeline says where the new run goes on', async () => {
    const text = `do: [{ ${call('one')} }, { outer: { do: [{ ${call('two')} }, { ${call('bad')} }, { ${call('last')} }] } }]`;
    const before = await failed(text, SETUP);
    const entries = before.ports.entries.length;
    const after = await rerun(text, text, before, SETUP);
    expect(after.ports.story.slice(entries)).toEqual([
      'task_started /do/1/outer',
      'task_started /do/1/outer/do/1/bad',
      'task_completed /do/1/outer/do/1/bad',
      'task_started /do/1/outer/do/2/last',
      'task_completed /do/1/outer/do/2/last',
      'task_completed /do/1/outer',
    ]);
  });

  test('a branch that failed, when it was another that ended the run', async () => {
    const loop = `{ for: { in: '[range(100)]' }, do: [{ x: { set: '\${ . }' } }] }`;
    const text = `do: [{ it: { fork: { compete: true, branches: [{ ${call('bad')} }, { b: ${loop} }] } } }]`;
    const before = await failed(text, { ...SETUP, limits: { maxSteps: 6 } });
    expect(before.outcome).toMatchObject({ error: { detail: expect.stringContaining('MAX_RUN_STEPS') } });
    const after = await rerun(text, text, before, SETUP);
    expect(after.outcome).toEqual({ kind: 'succeeded', output: ['bad'] });
  });

  test('attempts of a try around the failed task', async () => {
    const text = `do: [{ it: { try: [{ ${call('bad')} }], catch: { retry: { limit: { attempt: { count: 2 } } } } } }]`;
    const before = await failed(text, SETUP);
    const after = await rerun(text, text, before, {
      ...SETUP,
      effect: (fake) => (fake.earlier < 1 ? failBad(fake) : 'done'),
    });
    expect(after.outcome).toEqual({ kind: 'succeeded', output: 'done' });
  });
});
