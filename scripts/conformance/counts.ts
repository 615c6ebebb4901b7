/** How much of the conformance data of others is met. */
import { DEVIATIONS } from '../../test/conformance/jq-deviations.ts';
import { readText } from '../../test/support/conformance/directory.ts';
import { BY_DESIGN, exampleFiles, exampleRuns } from '../../test/support/conformance/examples/index.ts';
import { kitScenarios } from '../../test/support/conformance/kit.ts';
import { OTHER_OUTPUT, REFUSED, sdkCases } from '../../test/support/conformance/sdk-go.ts';
import { play } from '../../test/support/conformance/steps.ts';

export interface ScenarioResult {
  feature: string;
  name: string;
  /** What keeps it from passing, as the validator says it; null when it passes. */
  refused: string | null;
}

/** @throws {Error} when a scenario neither passes nor is refused at publish */
export async function playKit(): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of kitScenarios()) {
    const verdict = await play(scenario);
    const refused = verdict.passed
      ? null
      : verdict.refused.map(({ path, message }) => `${path}: ${message}`).join('; ');
    results.push({ feature: scenario.feature, name: scenario.name, refused });
  }
  return results;
}

/** Numbers of cases that are run, refused, or left out. */
export function countCases() {
  const sdk = sdkCases();
  const { cases } = JSON.parse(readText('jq/cases.json')) as {
    cases: { program: string; input?: string; skip?: string }[];
  };
  const wanted = cases.filter(({ skip }) => skip === undefined);
  const deviating = wanted.filter(({ program, input }) =>
    DEVIATIONS.some((deviation) => deviation.program === program && deviation.input === input),
  );
  return {
    examples: exampleFiles().length,
    examplesRun: Object.keys(exampleRuns()).length,
    examplesByDesign: BY_DESIGN.length,
    sdk: sdk.length,
    sdkByTheLanguage: sdk.filter(({ solid }) => solid === 'spec').length,
    sdkRefused: Object.keys(REFUSED).length,
    sdkOther: Object.keys(OTHER_OUTPUT).length,
    jq: wanted.length,
    jqDeviating: deviating.length,
  };
}
