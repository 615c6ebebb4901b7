/** Reads the Gherkin that the specification's conformance kit is written in: scenarios, steps and doc strings. */
export interface Step {
  /** Without its keyword. */
  text: string;
  /** The doc string below it, without the indentation of its quotes. */
  document?: string;
}

export interface Scenario {
  feature: string;
  name: string;
  steps: Step[];
}

const KEYWORD = /^(?:Given|When|Then|And|But)\s+(.*)$/;
const QUOTES = /^(\s*)"""/;

/**
 * @returns the scenarios of a feature file, in order
 * @throws {Error} for a line that is none of the Gherkin used here: nothing is passed over
 */
export function parseFeature(text: string): Scenario[] {
  const scenarios: Scenario[] = [];
  const lines = text.split(/\r?\n/).values();
  let feature: string | null = null;
  for (const line of lines) {
    const trimmed = line.trim();
    const scenario = scenarios.at(-1);
    if (QUOTES.test(line)) {
      const step = scenario?.steps.at(-1);
      if (step === undefined) throw new Error('a doc string belongs to no step');
      step.document = readDocument(line, lines);
    } else if (trimmed.startsWith('Feature:')) feature = trimmed.slice('Feature:'.length).trim();
    else if (trimmed.startsWith('Scenario:')) {
      if (feature === null) throw new Error(`a scenario without a feature: ${trimmed}`);
      scenarios.push({ feature, name: trimmed.slice('Scenario:'.length).trim(), steps: [] });
    } else {
      const step = KEYWORD.exec(trimmed)?.[1];
      if (step !== undefined && scenario !== undefined) scenario.steps.push({ text: step.trim() });
      // Above the first scenario stands prose.
      else if (trimmed !== '' && !trimmed.startsWith('#') && scenario !== undefined) {
        throw new Error(`not a line of Gherkin: ${trimmed}`);
      }
    }
  }
  return scenarios;
}

function readDocument(opening: string, lines: Iterator<string>): string {
  const indentation = QUOTES.exec(opening)?.[1]?.length ?? 0;
  const document: string[] = [];
  for (let next = lines.next(); next.done !== true; next = lines.next()) {
    if (next.value.trim() === '"""') return document.join('\n');
    document.push(next.value.slice(Math.min(indentation, next.value.search(/\S|$/))));
  }
  throw new Error('a doc string does not end');
}
