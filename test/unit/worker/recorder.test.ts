import { describe, expect, it } from 'vitest';
import { createRecorder } from '../../../worker/recorder.ts';

/** A write that ends when the test says so. */
function manualWrites() {
  const ends: (() => void)[] = [];
  return {
    ends,
    write: () =>
      new Promise<void>((resolve) => {
        ends.push(resolve);
      }),
  };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the recorder of checkpoints', () => {
  it('writes once for what was recorded in one turn, and not before the turn is over', async () => {
    const { ends, write } = manualWrites();
    const recorder = createRecorder(write);
    recorder.record();
    recorder.record();
    expect(ends).toHaveLength(0);
    await turn();
    expect(ends).toHaveLength(1);
  });

  it('lets nobody pass before the write is over', async () => {
    const { ends, write } = manualWrites();
    const recorder = createRecorder(write);
    recorder.record();
    let passed = false;
    const recorded = recorder.recorded().then(() => {
      passed = true;
    });
    await turn();
    expect({ passed, writes: ends.length }).toEqual({ passed: false, writes: 1 });
    ends[0]?.();
    await recorded;
    expect(passed).toBe(true);
  });

  it('writes again what was recorded meanwhile: who has recorded it waits for that, and nobody for what others record', async () => {
    const { ends, write } = manualWrites();
    const recorder = createRecorder(write);
    const passed: string[] = [];
    const wait = (name: string) => recorder.recorded().then(() => passed.push(name));
    recorder.record();
    void wait('first');
    recorder.record();
    void wait('second');
    ends[0]?.();
    await turn();
    expect({ passed, writes: ends.length }).toEqual({ passed: ['first'], writes: 2 });
    recorder.record();
    ends[1]?.();
    await turn();
    expect({ passed, writes: ends.length }).toEqual({ passed: ['first', 'second'], writes: 3 });
  });

  it('lets nobody pass after a write has failed, and writes nothing that would build on it', async () => {
    let writes = 0;
    const recorder = createRecorder(async () => {
      writes += 1;
      throw new Error('refused');
    });
    recorder.record();
    await turn();
    await expect(recorder.recorded()).rejects.toThrow('refused');
    recorder.record();
    await turn();
    await expect(recorder.recorded()).rejects.toThrow('refused');
    await recorder.stop();
    await expect(recorder.recorded()).rejects.toThrow('refused');
    expect(writes).toBe(1);
  });

  it('passes at once when nothing was recorded', async () => {
    const { ends, write } = manualWrites();
    await createRecorder(write).recorded();
    expect(ends).toHaveLength(0);
  });

  it('writes nothing more once the attempt has its last write, but waits out the one under way', async () => {
    const { ends, write } = manualWrites();
    const recorder = createRecorder(write);
    recorder.record();
    await turn();
    recorder.record();
    let stopped = false;
    const stopping = recorder.stop().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    ends[0]?.();
    await stopping;
    await turn();
    expect(ends).toHaveLength(1);
  });
});
