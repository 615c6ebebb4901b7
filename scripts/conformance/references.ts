/** What a row of the table points to: scenarios, examples and tests. Each must be there, and be run. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { exampleRuns } from '../../test/support/conformance/examples/index.ts';
import { kitScenarios } from '../../test/support/conformance/kit.ts';
import { REFUSED, sdkCases } from '../../test/support/conformance/sdk-go.ts';

const ROOT = path.join(import.meta.dirname, '../..');

/** @returns those that lead nowhere, or to what is not run */
export function deadReferences(references: readonly string[]): string[] {
  const scenarios = kitScenarios().map(({ name }) => name);
  const examples = exampleRuns();
  const sdk = sdkCases().map(({ file }) => file);
  const leads = (reference: string): boolean => {
    const { kind, name } = split(reference);
    switch (kind) {
      case 'ctk':
        return scenarios.includes(name);
      case 'examples':
      case 'examples-main':
        return Object.hasOwn(examples, reference);
      case 'sdk-go':
        return sdk.includes(name) && !Object.hasOwn(REFUSED, name);
      case 'test':
        return existsSync(path.join(ROOT, reference));
      default:
        return false;
    }
  };
  return references.filter((reference) => !leads(reference));
}

/** As the table shows it. */
export function shownReference(reference: string): string {
  const { kind, name } = split(reference);
  return kind === 'ctk' ? `kit: ${name}` : `\`${reference}\``;
}

function split(reference: string): { kind: string; name: string } {
  const scenario = /^ctk: (.+)$/.exec(reference)?.[1];
  if (scenario !== undefined) return { kind: 'ctk', name: scenario };
  const [kind = '', ...rest] = reference.split('/');
  return { kind, name: rest.join('/') };
}
