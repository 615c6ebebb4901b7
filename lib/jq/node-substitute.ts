/** `sub` and `gsub` for replacements with one output at most; the general case is jq text. */
import type { Json, JsonObject } from './json.ts';
import { isObject, setMember } from './json.ts';
import { HEADER_BYTES } from './limits.ts';
import type { Direct, Machine, Node } from './machine.ts';
import { directNode, heightOver } from './node.ts';
import { add, lengthen } from './operators.ts';
import { matchRegex } from './regex.ts';
import { codePointSlice } from './strings.ts';

/** The named captures of a match, null for a group that took no part. */
function namedCaptures(machine: Machine, captures: Json): JsonObject {
  const named: JsonObject = {};
  machine.meter.charge(HEADER_BYTES);
  if (!Array.isArray(captures)) return named;
  for (const capture of captures) {
    if (!isObject(capture) || typeof capture['name'] !== 'string') continue;
    setMember(named, capture['name'], capture['string'] ?? null);
  }
  return named;
}

function substitute(
  text: string,
  matches: readonly Json[],
  machine: Machine,
  replace: (captures: Json) => Json | undefined,
): Json {
  const { meter } = machine;
  let result: Json = null;
  let previous = 0;
  for (const match of matches) {
    if (!isObject(match)) continue;
    const offset = Number(match['offset']);
    const replacement = replace(namedCaptures(machine, match['captures'] ?? null));
    if (replacement !== undefined) {
      const gap = codePointSlice(text, previous, offset, meter);
      const longer: string = lengthen(typeof result === 'string' ? result : '', gap, meter);
      result =
        typeof replacement === 'string'
          ? lengthen(longer, replacement, meter)
          : add(longer, replacement, meter);
    }
    previous = offset + Number(match['length']);
  }
  if (typeof result !== 'string') return text;
  return lengthen(result, codePointSlice(text, previous, Infinity, meter), meter);
}

/** `sub(pattern; replacement; flags)`, or null when a part may have several outputs. */
export function substitution(pattern: Node, replacement: Node, flags: Node, isGlobal: boolean): Node | null {
  const { direct: patternOf } = pattern;
  const { direct: replacementOf } = replacement;
  const { direct: flagsOf } = flags;
  if (patternOf === null || replacementOf === null || flagsOf === null) return null;
  const direct: Direct = (machine, input, env) => {
    const given = flagsOf(machine, input, env);
    const expression = given === undefined ? undefined : patternOf(machine, input, env);
    if (given === undefined || expression === undefined) return undefined;
    const all = isGlobal ? add(given, 'g', machine.meter) : given;
    const matches = matchRegex(input, expression, all, machine.meter);
    // Without a match the input is the output; it is a string, or there would have been an error.
    if (typeof input !== 'string') return input;
    return substitute(input, matches, machine, (captures) => replacementOf(machine, captures, env));
  };
  return directNode(direct, heightOver(pattern, replacement, flags));
}
