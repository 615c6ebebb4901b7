/** Two minutes of the fault suite: every fault at least once under load, and every invariant afterwards. */
import { beforeAll, describe, expect, it } from 'vitest';
import { SHORT } from '../../scripts/faults/forms.ts';
import { keepEvidence } from './evidence.ts';
import { FAULT_KINDS } from './plan.ts';
import { acceptedOf, faultCounts, figures } from './report.ts';
import { runSuite, type SuiteResult } from './suite.ts';

/** The same every time; `npm run test:faults` takes others. */
const SEED = Number(process.env['VESPID_FAULTS_SEED'] ?? 4);
const TIMEOUT_MS = 240_000;

let result: SuiteResult;

beforeAll(async () => {
  result = await runSuite({ ...SHORT, seed: SEED, say: () => {} });
  console.info(figures(result).join('\n'));
  const file = keepEvidence(result, SEED);
  if (file !== null) console.info(`what is known of the runs below: ${file}`);
}, TIMEOUT_MS);

/** What broke the invariant whose number or words these are. */
const problemsOf = (invariant: string): string[] | undefined =>
  result.verdicts.find((verdict) => verdict.invariant.startsWith(invariant))?.problems.slice(0, 10);

describe('with every fault under load', () => {
  it('every fault was done, and hundreds of runs were accepted all the same', () => {
    expect([...faultCounts(result).keys()].sort()).toEqual([...FAULT_KINDS].sort());
    expect(acceptedOf(result)).toBeGreaterThan(300);
  });

  it.each([
    ['1 every accepted run ends'],
    ['2 nothing of a refused request runs or remains'],
    ['3 status moves along the graph, terminal is final'],
    ['4 one attempt at a time writes'],
    ['5 what is recorded is not computed again'],
    ['6 attempts and backoff keep their bounds'],
    ['7 one terminal event, times in order'],
    ['8 nothing crosses an org'],
    ['9 a fire time makes one run at most'],
    ['10 no step begins 2 s after a cancellation'],
    ['11 Redis holds what is queued'],
    ['12 the version is that of the acceptance'],
    ['no answer is a 500'],
    ['processes end as they are asked to'],
  ])('%s', (invariant) => {
    expect(problemsOf(invariant)).toEqual([]);
  });
});
