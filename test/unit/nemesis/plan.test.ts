/** The schedule of faults depends on the seed alone, and has all that the suite promises. */
import { describe, expect, it } from 'vitest';
import { LONG, SHORT } from '../../../scripts/faults/forms.ts';
import { FAULT_KINDS, planFaults, TRACKS, type PlannedFault } from '../../nemesis/plan.ts';

const LEASE_MS = 2500;
const plan = (seed: number, form = LONG): PlannedFault[] =>
  planFaults({ seed, lengthMs: form.lengthMs, rounds: form.rounds, leaseMs: LEASE_MS });
const SEEDS = Array.from({ length: 50 }, (_none, index) => index * 7919);

describe('planFaults', () => {
  it('gives the same faults at the same times for the same seed, and others for another', () => {
    expect(plan(17)).toEqual(plan(17));
    expect(plan(17)).not.toEqual(plan(18));
  });

  it('has every fault three times in the long form and once in the short one, whatever the seed', () => {
    for (const seed of SEEDS) {
      for (const [form, times] of [
        [LONG, 3],
        [SHORT, 1],
      ] as const) {
        const kinds = plan(seed, form).map(({ kind }) => kind);
        for (const kind of FAULT_KINDS) expect(kinds.filter((one) => one === kind)).toHaveLength(times);
      }
    }
  });

  it('pauses workers for longer than their lease', () => {
    const pauses = SEEDS.flatMap((seed) => plan(seed)).filter(({ kind }) => kind === 'worker_pause');
    for (const { lastsMs } of pauses) expect(lastsMs).toBeGreaterThan(LEASE_MS);
  });

  it('ends a fault before the next one of its track begins, and all of them within the load', () => {
    for (const seed of SEEDS) {
      for (const kinds of Object.values(TRACKS)) {
        const track = plan(seed).filter(({ kind }) => kinds.some((one) => one === kind));
        track.forEach(({ atMs, lastsMs }, index) => {
          expect(atMs + lastsMs).toBeLessThan(track[index + 1]?.atMs ?? LONG.lengthMs);
        });
      }
    }
  });

  it('refuses a load that is too short for its faults', () => {
    expect(() => planFaults({ seed: 1, lengthMs: 5000, rounds: 1, leaseMs: LEASE_MS })).toThrow(RangeError);
  });
});
