import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../lib/secrets/redact.ts';
import { createTimelineBuffer } from '../../../worker/timeline.ts';

const task = { type: 'task_started', at: 't', task: '/do/0/a', name: 'a', kind: 'set' } as const;

describe('the timeline buffer', () => {
  it('gives each entry away once, in order', () => {
    const buffer = createTimelineBuffer(0, createRedactor([]));
    buffer.addRun({ type: 'run_started', at: 't' });
    buffer.addTask(task);
    const batch = buffer.take();
    expect(batch).toMatchObject({ count: 2, dropped: 0 });
    expect(JSON.parse(batch.entriesText)).toMatchObject([{ type: 'run_started' }, { type: 'task_started' }]);
    expect(buffer.take()).toEqual({ entriesText: '[]', count: 0, dropped: 0 });
  });

  it('counts task entries beyond the cap of the run instead of keeping them, and keeps those of the run', () => {
    const buffer = createTimelineBuffer(9_999, createRedactor([]));
    buffer.addTask(task);
    buffer.addTask(task);
    buffer.addTask(task);
    buffer.addRun({ type: 'run_succeeded', at: 't' });
    const batch = buffer.take();
    expect(batch).toMatchObject({ count: 2, dropped: 2 });
    expect(JSON.parse(batch.entriesText)).toMatchObject([
      { type: 'task_started' },
      { type: 'run_succeeded' },
    ]);
  });

  it('cuts the texts of an error, which an author may make as long as he likes', () => {
    const buffer = createTimelineBuffer(0, createRedactor([]));
    const long = 'x'.repeat(100_000);
    const error = { type: long, status: 500, title: long, detail: long, instance: '/do/0/a' };
    buffer.addTask({ ...task, type: 'task_faulted', error });
    const { entriesText } = buffer.take();
    expect(entriesText.length).toBeLessThan(2000);
    expect(JSON.parse(entriesText)).toMatchObject([{ error: { status: 500, instance: '/do/0/a' } }]);
  });

  it('keeps no more text of task entries than its bound', () => {
    const buffer = createTimelineBuffer(0, createRedactor([]));
    const error = { type: 't', status: 500, title: 'x'.repeat(500), detail: 'x'.repeat(500), instance: '/' };
    for (let n = 0; n < 9_000; n += 1) buffer.addTask({ ...task, type: 'task_faulted', error });
    const { entriesText, count, dropped } = buffer.take();
    expect(entriesText.length).toBeLessThan(4.1 * 1024 * 1024);
    expect({ isCut: dropped > 0, all: count + dropped }).toEqual({ isCut: true, all: 9_000 });
  });
});
