/** Names that a definition gives to local variables: `for.each`, `for.at`, `catch.as`. */
import { RUNTIME_VARIABLES } from '../../engine/expression.ts';
import type { Json } from '../../jq/index.ts';
import type { Report } from './report.ts';
import { asText } from './shape.ts';
import { shown } from './text.ts';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_LENGTH = 100;
const RUNTIME: readonly string[] = RUNTIME_VARIABLES;

/** @returns the variable's name, or `fallback` when none is given or the given one is wrong */
export function checkLocalName(
  report: Report,
  value: Json | undefined,
  path: string,
  name: string,
  fallback: string,
): string {
  if (value === undefined) return fallback;
  const text = asText(report, value, path, name);
  if (text === null) return fallback;
  if (text.length > MAX_LENGTH || !IDENTIFIER.test(text) || text === '__loc__' || text === 'ENV') {
    const hint = text.startsWith('$') ? ' (without the `$`)' : '';
    report.semantic(
      path,
      `${shown(text)} cannot name a variable: write letters, digits and \`_\`, not beginning with a digit${hint}`,
    );
    return fallback;
  }
  if (RUNTIME.includes(text)) report.warn(path, `the variable hides the runtime's own \`$${text}\``);
  return text;
}
