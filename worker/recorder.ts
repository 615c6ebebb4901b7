/** Turns many `record()` calls into as few checkpoint writes as possible, one at a time. */

export interface Recorder {
  /** There is something to write; it is written soon. */
  record(): void;
  /** Resolves when all that was recorded before the call is written. */
  recorded(): Promise<void>;
  /** The final write of the attempt carries everything: nothing more is written here. Waits out a write under way. */
  stop(): Promise<void>;
}

/** `write` takes the state as it is when it is called and never rejects for a lost lease. */
export function createRecorder(write: () => Promise<void>): Recorder {
  let dirty = false;
  let stopped = false;
  let scheduled: NodeJS.Immediate | undefined;
  let writing: Promise<void> | null = null;

  async function drain(): Promise<void> {
    while (dirty && !stopped) {
      dirty = false;
      await write();
    }
  }

  function start(): Promise<void> {
    clearImmediate(scheduled);
    scheduled = undefined;
    writing ??= drain().finally(() => {
      writing = null;
    });
    return writing;
  }

  return {
    record() {
      dirty = true;
      // In the next turn of the loop: a run that ends in this turn needs no checkpoint of its own.
      if (!stopped && writing === null) scheduled ??= setImmediate(() => void start().catch(() => {}));
    },
    async recorded() {
      while ((dirty && !stopped) || writing !== null) await start();
    },
    async stop() {
      stopped = true;
      clearImmediate(scheduled);
      await writing?.catch(() => {});
    },
  };
}
