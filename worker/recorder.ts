/** Turns many `record()` calls into as few checkpoint writes as possible, one at a time. */

export interface Recorder {
  /** There is something to write; it is written soon. */
  record(): void;
  /**
   * Resolves when all that was recorded before the call is written: after two writes at most, however much others record
   * meanwhile. Rejects when a write has failed, whenever that was.
   */
  recorded(): Promise<void>;
  /** The final write of the attempt carries everything: nothing more is written here. Waits out a write under way. */
  stop(): Promise<void>;
}

/**
 * @param write takes the state as it is when it is called, and never rejects for a lost lease. After a write that has
 *   failed there is no other: it was to bring what the next ones build on.
 */
export function createRecorder(write: () => Promise<void>): Recorder {
  /** Calls of `record`, and those of them that a write has brought. */
  let recordedCount = 0;
  let writtenCount = 0;
  let stopped = false;
  let failure: { error: unknown } | null = null;
  let scheduled: NodeJS.Immediate | undefined;
  let writing: Promise<void> | null = null;

  async function writeOnce(): Promise<void> {
    const count = recordedCount;
    try {
      await write();
      writtenCount = count;
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      writing = null;
      if (isDue()) void start().catch(() => {});
    }
  }

  const isDue = (): boolean => writtenCount < recordedCount && !stopped && failure === null;

  function start(): Promise<void> {
    clearImmediate(scheduled);
    scheduled = undefined;
    writing ??= writeOnce();
    return writing;
  }

  return {
    record() {
      recordedCount += 1;
      // In the next turn of the loop: a run that ends in this turn needs no checkpoint of its own.
      if (isDue() && writing === null) scheduled ??= setImmediate(() => void start().catch(() => {}));
    },
    async recorded() {
      const count = recordedCount;
      while (writtenCount < count && !stopped && failure === null) await start();
      if (failure !== null) throw failure.error;
    },
    async stop() {
      stopped = true;
      clearImmediate(scheduled);
      await writing?.catch(() => {});
    },
  };
}
