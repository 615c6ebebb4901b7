/** The attempt's timeline entries until the next write takes them along. */
import type { TimelineBatch } from '../lib/db/runs/write.ts';
import type { DslError, TimelineEntry } from '../lib/engine/types.ts';
import type { Redactor } from '../lib/secrets/redact.ts';
import { briefError } from './faults.ts';

/** Task entries kept per run; beyond it they are counted only. */
const MAX_ENTRIES = 10_000;
/** Text of task entries kept per attempt, in UTF-16 units: they travel with the run's own writes. */
const MAX_LENGTH = 4 << 20;

/** Entries about the run itself: always kept. */
export type RunEntry = {
  type:
    | 'run_started'
    | 'run_waiting'
    | 'run_retried'
    | 'run_handed_over'
    | 'run_requeued'
    | 'run_succeeded'
    | 'run_failed'
    | 'run_cancelled';
  at: string;
  attempt?: number;
  until?: string;
  reason?: string;
  error?: DslError;
};

export interface TimelineBuffer {
  addTask(entry: TimelineEntry): void;
  addRun(entry: RunEntry): void;
  /** Everything gathered since the last take. */
  take(): TimelineBatch;
}

/**
 * @param written entries that are in the database already
 * @param redactor masks secrets in errors: nothing else in an entry comes from data
 */
export function createTimelineBuffer(written: number, redactor: Redactor): TimelineBuffer {
  /** One entry's text, that of its error cut. */
  const textOf = (entry: TimelineEntry | RunEntry): string =>
    JSON.stringify(
      entry.error === undefined ? entry : { ...entry, error: briefError(entry.error, redactor) },
    );
  let texts: string[] = [];
  let total = written;
  let length = 0;
  let dropped = 0;
  const add = (text: string): void => {
    total += 1;
    length += text.length;
    texts.push(text);
  };
  return {
    addTask(entry) {
      if (total >= MAX_ENTRIES || length >= MAX_LENGTH) dropped += 1;
      else add(textOf(entry));
    },
    addRun: (entry) => add(textOf(entry)),
    take() {
      const batch = { entriesText: `[${texts.join(',')}]`, count: texts.length, dropped };
      texts = [];
      dropped = 0;
      return batch;
    },
  };
}
