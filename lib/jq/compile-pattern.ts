/** Destructuring patterns to binders. */
import type { Pattern } from './ast.ts';
import type { Node } from './machine.ts';
import type { Binder, Extract, PatternPart } from './node-pattern.ts';
import { extractParts, extractSelf, patternBinder, plainBinder } from './node-pattern.ts';
import { literal } from './node.ts';
import type { Compile, Place } from './scope.ts';
import { within } from './scope.ts';

/** The variables of a pattern in the order in which its extract gives their values. */
function variablesOf(pattern: Pattern): string[] {
  switch (pattern.kind) {
    case 'variable':
      return [pattern.name];
    case 'array':
      return pattern.items.flatMap(variablesOf);
    case 'object':
      return pattern.entries.flatMap(({ name, value }) => [
        ...(name === null ? [] : [name]),
        ...(value === null ? [] : variablesOf(value)),
      ]);
    default:
      return pattern satisfies never;
  }
}

function extractOf(pattern: Pattern, compile: (pattern: Pattern) => Node[]): Extract {
  if (pattern.kind === 'variable') return extractSelf;
  const keys = compile(pattern);
  const nested = (inner: Pattern | null): Extract | null =>
    inner === null ? null : extractOf(inner, compile);
  const parts: PatternPart[] =
    pattern.kind === 'array'
      ? pattern.items.map((item, at) => ({ key: literal(at), bindsSelf: false, inner: nested(item) }))
      : pattern.entries.map(({ name, value }, at) => ({
          key: keys[at] ?? literal(null),
          bindsSelf: name !== null,
          inner: nested(value),
        }));
  return extractParts(parts);
}

/**
 * Compiles the patterns behind `as`. Several patterns bind the variables of all of them, null where one has none.
 * @returns the binders and the place in which the variables are bound
 */
export function compilePatterns(
  patterns: readonly Pattern[],
  place: Place,
  compile: Compile,
): { binders: Binder[]; inner: Place } {
  const [only] = patterns;
  if (patterns.length === 1 && only?.kind === 'variable') {
    return { binders: [plainBinder], inner: within(place, 'variable', only.name) };
  }
  const names = Array.from(new Set(patterns.flatMap(variablesOf)));
  const compileKeys = (pattern: Pattern): Node[] =>
    pattern.kind === 'object' ? pattern.entries.map(({ key }) => compile(key, place)) : [];
  const binders = patterns.map((pattern) => {
    let isSingle = true;
    const extract = extractOf(pattern, (part) => {
      const keys = compileKeys(part);
      isSingle &&= keys.every((key) => key.direct !== null);
      return keys;
    });
    const slots = variablesOf(pattern).map((name) => names.indexOf(name));
    return patternBinder(extract, slots, names.length, isSingle);
  });
  const inner = names.reduce((at, name) => within(at, 'variable', name), place);
  return { binders, inner };
}
