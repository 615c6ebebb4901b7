/**
 * The invariants of design section 6 that can be read from a database and the logs of its processes: to be
 * checked at the end of every test that breaks something.
 */
import { expect } from 'vitest';
import { findProblems, type InvariantSources } from './run-problems.ts';
import { waitUntil } from './stack.ts';

export type { InvariantSources } from './run-problems.ts';

/** Asserts the invariants for every run of the database. A process's log line arrives a moment after its write. */
export async function expectInvariants(sources: InvariantSources): Promise<void> {
  const isSound = async (): Promise<true> => {
    expect((await findProblems(sources)).slice(0, 20)).toEqual([]);
    return true;
  };
  await waitUntil(isSound, { what: 'the invariants hold', timeoutMs: 2000 });
}
