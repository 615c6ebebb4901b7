/** What is measured: a system that takes runs of a job and says when they have ended. */
import type { Stage } from './stage.ts';

/**
 * `steps`: a run of three recorded steps, each an HTTP call to a service that answers at once.
 * `queue`: a job that does nothing.
 */
export type Job = 'steps' | 'queue';

export interface System {
  name: string;
  job: Job;
  /** npm packages whose versions are reported. */
  packages: readonly string[];
  /** How it is set up, for the report. */
  setup: string;
  /** Where its latency ends, for the report. */
  latencyEnd: string;
  /** Brings it up on `stage`, which takes it down. @throws {Error} that says why it cannot be run. */
  start(stage: Stage): Promise<RunningSystem>;
}

export interface RunningSystem {
  /** Starts `count` runs, `inFlight` at a time; resolves when all were accepted. */
  create(count: number, inFlight: number): Promise<void>;
  /** How many of the runs accepted so far have not ended. */
  unfinished(): Promise<number>;
  /**
   * Starts runs at an even rate.
   * @returns of each, ms from asking to the recorded end.
   */
  sample(ratePerSecond: number, seconds: number): Promise<number[]>;
}
