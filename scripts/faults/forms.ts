/** How long and how hard the fault suite is run. */
import type { SuiteOptions } from '../../test/nemesis/suite.ts';

export type Form = Omit<SuiteOptions, 'seed' | 'say'>;

/** `npm run test:faults`: at least 5000 accepted runs and three of each fault, within 10 minutes. */
export const LONG: Form = {
  lengthMs: 360_000,
  rounds: 3,
  callers: 24,
  pauseMs: 350,
  drainMs: 60_000,
  minAccepted: 5000,
  extendMs: 60_000,
};

/** A slice of two minutes: every fault once. */
export const SHORT: Form = {
  lengthMs: 62_000,
  rounds: 1,
  callers: 16,
  pauseMs: 350,
  drainMs: 30_000,
  minAccepted: 300,
  extendMs: 10_000,
};
