/** Shows that the fault suite fails where a protection is missing. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultKind } from '../../test/nemesis/plan.ts';
import { verdictLines } from '../../test/nemesis/report.ts';
import { runSuite } from '../../test/nemesis/suite.ts';
import type { Lifetime } from '../stack/lifetime.ts';
import { say } from '../stack/say.ts';
import type { Form } from './forms.ts';
import { buildSabotaged, type Sabotage } from './sabotage.ts';
import { SABOTAGES } from './sabotages.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Faults that show one protection, as often as they fit into a minute. */
const FORM: Form = {
  lengthMs: 40_000,
  rounds: 1,
  callers: 16,
  pauseMs: 250,
  drainMs: 15_000,
  minAccepted: 0,
  extendMs: 0,
};

/** How often the few faults of a sabotage fit. */
const roundsOf = (kinds: readonly FaultKind[]): number => Math.max(1, Math.floor(6 / kinds.length));

interface Row {
  name: string;
  isRight: boolean;
  told: string;
}

/** The invariants that did not hold. */
async function brokenBy(kinds: readonly FaultKind[], dist: string, seed: number): Promise<string[]> {
  process.env['VESPID_TEST_DIST'] = dist;
  const result = await runSuite({ ...FORM, rounds: roundsOf(kinds), kinds, seed, say });
  for (const line of verdictLines(result).filter((text) => !text.startsWith('ok'))) say(line);
  return result.verdicts.filter(({ problems }) => problems.length > 0).map(({ invariant }) => invariant);
}

async function withSabotage(sabotage: Sabotage, seed: number, signal: AbortSignal): Promise<Row> {
  const { name, what, kinds, patches, breaks } = sabotage;
  say(`\nwithout ${name}: ${what}`);
  const dir = mkdtempSync(join(process.env['VESPID_TEST_DIR'] ?? '', 'broken-'));
  const broken = await brokenBy(kinds, await buildSabotaged(ROOT, dir, patches, signal), seed);
  const isRight = broken.some((invariant) => invariant.startsWith(`${breaks} `));
  return { name: `without ${name}`, isRight, told: broken.join('; ') || 'nothing was noticed' };
}

/** The same faults on the service as it is: what is noticed above must not come from the suite. */
async function withoutSabotage(seed: number, signal: AbortSignal): Promise<Row> {
  say('\nwith every protection');
  const dir = mkdtempSync(join(process.env['VESPID_TEST_DIR'] ?? '', 'whole-'));
  const kinds = [...new Set(SABOTAGES.flatMap((sabotage) => sabotage.kinds))];
  const broken = await brokenBy(kinds, await buildSabotaged(ROOT, dir, [], signal), seed);
  return {
    name: 'with every protection',
    isRight: broken.length === 0,
    told: broken.join('; ') || 'nothing broke',
  };
}

/**
 * Runs the suite without each of the protections named, and for `all` with all of them too.
 * @param names one of them or several with commas in between, or `all`
 * @returns 0 when the invariant that each protects broke
 */
export async function breakProtections(names: string, seed: number, { signal }: Lifetime): Promise<number> {
  const chosen = SABOTAGES.filter(({ name }) => names === 'all' || names.split(',').includes(name));
  if (chosen.length === 0) {
    throw new Error(`--break takes all or one of ${SABOTAGES.map(({ name }) => name).join(', ')}`);
  }
  const rows = names === 'all' ? [await withoutSabotage(seed, signal)] : [];
  for (const sabotage of chosen) {
    signal.throwIfAborted();
    rows.push(await withSabotage(sabotage, seed, signal));
  }
  say(`\nseed ${seed}`);
  for (const { name, isRight, told } of rows) say(`${isRight ? 'ok    ' : 'FAILED'} ${name}: ${told}`);
  const failed = rows.filter(({ isRight }) => !isRight).length;
  say(`${rows.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
