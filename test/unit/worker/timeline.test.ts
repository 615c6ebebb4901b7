import { describe, expect, it } from 'vitest';
import { createTimelineBuffer } from '../../../worker/timeline.ts';

const task = { type: 'task_started', at: 't', task: '/do/0/a', name: 'a', kind: 'set' } as const;

describe('the timeline buffer', () => {
  it('gives each entry away once, in order', () => {
    const buffer = createTimelineBuffer(0);
    buffer.addRun({ type: 'run_started', at: 't' });
    buffer.addTask(task);
    const batch = buffer.take();
    expect(batch).toMatchObject({ count: 2, dropped: 0 });
    expect(JSON.parse(batch.entriesText)).toMatchObject([{ type: 'run_started' }, { type: 'task_started' }]);
    expect(buffer.take()).toEqual({ entriesText: '[]', count: 0, dropped: 0 });
  });

  it('counts task entries beyond the cap of the run instead of keeping them, and keeps those of the run', () => {
    const buffer = createTimelineBuffer(9_999);
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
});
