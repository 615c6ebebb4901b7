/** The attempt's timeline entries until the next write takes them along. */
import type { TimelineBatch } from '../lib/db/runs/write.ts';
import type { DslError, TimelineEntry } from '../lib/engine/types.ts';
import { briefError } from './faults.ts';

/** Task entries kept per run; beyond it they are counted only. */
const MAX_ENTRIES = 10_000;

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

/** The entry with the texts of its error cut. */
const brief = <Entry extends TimelineEntry | RunEntry>(entry: Entry): Entry =>
  entry.error === undefined ? entry : { ...entry, error: briefError(entry.error) };

/** `written` entries are in the database already. */
export function createTimelineBuffer(written: number): TimelineBuffer {
  let entries: (TimelineEntry | RunEntry)[] = [];
  let total = written;
  let dropped = 0;
  return {
    addTask(entry) {
      if (total >= MAX_ENTRIES) {
        dropped += 1;
        return;
      }
      total += 1;
      entries.push(brief(entry));
    },
    addRun(entry) {
      total += 1;
      entries.push(brief(entry));
    },
    take() {
      const batch = { entriesText: JSON.stringify(entries), count: entries.length, dropped };
      entries = [];
      dropped = 0;
      return batch;
    },
  };
}
