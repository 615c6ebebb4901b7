/** The scenarios of the conformance kit, and those that are refused for now. */
import { filesIn, readText } from './directory.ts';
import { parseFeature, type Scenario } from './gherkin.ts';

/** Why a scenario cannot pass, and where the definition is refused for it. */
interface NotYet {
  path: string;
  reason: string;
}

export const SCENARIOS_NOT_YET: Readonly<Record<string, NotYet>> = {
  'Emit Task': { path: '/do/0/emitEvent/emit', reason: 'it emits an event, and events come next' },
};

export const kitScenarios = (): Scenario[] =>
  filesIn('ctk', '.feature').flatMap((file) => parseFeature(readText(`ctk/${file}`)));
