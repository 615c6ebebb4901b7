/** The scenarios of the conformance kit. */
import { filesIn, readText } from './directory.ts';
import { parseFeature, type Scenario } from './gherkin.ts';

export const kitScenarios = (): Scenario[] =>
  filesIn('ctk', '.feature').flatMap((file) => parseFeature(readText(`ctk/${file}`)));
