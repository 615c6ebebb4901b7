/**
 * `npm run test:faults [-- --seed N] [--short] [--break <name>|all]`: the fault suite (test/nemesis) on services of its
 * own. The last line is `N passed, N failed`; what is counted are the invariants. With `--break` one protection of the
 * service is switched off, and the suite has to fail.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keepEvidence } from '../test/nemesis/evidence.ts';
import { figures, verdictLines } from '../test/nemesis/report.ts';
import { planFaults } from '../test/nemesis/plan.ts';
import { LEASE_MS } from '../test/nemesis/stack/index.ts';
import { planText, runSuite } from '../test/nemesis/suite.ts';
import { breakProtections } from './faults/break.ts';
import { LONG, SHORT, type Form } from './faults/forms.ts';
import { prepareFaults } from './faults/prepare.ts';
import { ensureBuilt } from './stack/build.ts';
import { openLifetime } from './stack/lifetime.ts';
import { complain, say, step } from './stack/say.ts';

const ROOT = join(import.meta.dirname, '..');
/** Nothing here lasts longer; what does hangs. */
const MAX_MINUTES = 10;

interface Arguments {
  seed: number;
  form: Form;
  broken: string | null;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, short: { type: 'boolean' }, break: { type: 'string' } },
  });
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number');
  return { seed, form: values.short === true ? SHORT : LONG, broken: values.break ?? null };
}

/** @returns the exit code */
async function runOnce({ seed, form }: Arguments, signal: AbortSignal): Promise<number> {
  if (process.env['VESPID_TEST_DIST'] === undefined) await step('building', () => ensureBuilt(ROOT, signal));
  const { lengthMs, rounds } = form;
  say(`seed ${seed}; the faults, in seconds from the beginning of the load:`);
  say(planText(planFaults({ seed, lengthMs, rounds, leaseMs: LEASE_MS })));
  const result = await runSuite({ ...form, seed, say });
  const failed = result.verdicts.filter(({ problems }) => problems.length > 0).length;
  for (const line of [...figures(result), ...verdictLines(result)]) say(line);
  const file = keepEvidence(result, seed);
  if (file !== null) say(`The stories of the runs above: ${file}`);
  if (failed > 0) say(`The same faults again: npm run test:faults -- --seed ${seed}`);
  say(`seed ${seed}`);
  say(`${result.verdicts.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Resolves with the exit code of a suite that was told to end, or that takes too long. */
function stopped(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(1));
    const onTimeout = (): void => {
      complain(`not over after ${MAX_MINUTES} minutes`);
      resolve(1);
    };
    setTimeout(onTimeout, MAX_MINUTES * 60_000).unref();
  });
}

async function main(): Promise<number> {
  const lifetime = openLifetime();
  let code = 1;
  try {
    const arguments_ = readArguments();
    await prepareFaults(ROOT, lifetime);
    const work =
      arguments_.broken === null
        ? runOnce(arguments_, lifetime.signal)
        : breakProtections(arguments_.broken, arguments_.seed, lifetime);
    code = await Promise.race([work, stopped(lifetime.signal)]);
  } catch (error) {
    if (!lifetime.signal.aborted)
      complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const clean = await lifetime.close();
  return clean ? code : 1;
}

process.exit(await main());
