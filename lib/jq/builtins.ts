/** The names that every program sees: jq text, special forms and native functions. */
import type { Ast, Definition, Of } from './ast.ts';
import { BUILTIN_TEXT } from './builtin-text.ts';
import type { Node } from './machine.ts';
import { NATIVES } from './natives.ts';
import { empty } from './node-compose.ts';
import { limit, pick, range } from './node-generate.ts';
import { getPathNode, pathOf } from './node-path.ts';
import { substitution } from './node-substitute.ts';
import { literal } from './node.ts';
import { parseDefinitions } from './parser.ts';

/** Builtins that take expressions and are not written in jq. */
type SpecialForm = (args: readonly Node[]) => Node;

/** Wraps a form of one to three expressions; the caller has checked the number of arguments. */
function form(build: (a: Node, b: Node, c: Node) => Node): SpecialForm {
  return ([a = empty, b = empty, c = empty]) => build(a, b, c);
}

const ONE = literal(1);

export const SPECIAL_FORMS: ReadonlyMap<string, SpecialForm> = new Map<string, SpecialForm>([
  ['empty/0', () => empty],
  ['path/1', form((body) => pathOf(body))],
  ['getpath/1', form((keys) => getPathNode(keys))],
  ['first/1', form((body) => pick('first', body))],
  ['last/1', form((body) => pick('last', body))],
  ['limit/2', form((count, body) => limit(count, body))],
  ['range/2', form((from, upto) => range(from, upto, ONE))],
  ['range/3', form((from, upto, by) => range(from, upto, by))],
  ['builtins/0', () => literal([...names(), 'builtins/0'])],
]);

const NO_FLAGS = literal('');

type FastForm = (args: readonly Node[]) => Node | null;

/** Faster forms of builtins in jq text; null when the general one is needed. */
export const FAST_FORMS: ReadonlyMap<string, FastForm> = new Map<string, FastForm>([
  ['sub/2', ([pattern = empty, by = empty]) => substitution(pattern, by, NO_FLAGS, false)],
  ['sub/3', ([pattern = empty, by = empty, flags = empty]) => substitution(pattern, by, flags, false)],
  ['gsub/2', ([pattern = empty, by = empty]) => substitution(pattern, by, NO_FLAGS, true)],
  ['gsub/3', ([pattern = empty, by = empty, flags = empty]) => substitution(pattern, by, flags, true)],
]);

/** Builtins of jq that reach out of the program: files, processes, the environment, other inputs. */
const UNAVAILABLE: ReadonlySet<string> = new Set(
  (
    'debug env get_jq_origin get_prog_origin get_search_list halt halt_error input input_filename ' +
    'input_line_number inputs modulemeta stderr'
  ).split(' '),
);

/** True for a builtin of jq that a workflow has not. */
export function isUnavailable(name: string): boolean {
  return UNAVAILABLE.has(name);
}

let parsed: ReadonlyMap<string, Definition> | null = null;

/** The builtins written in jq by `name/arity`; parsed when first asked for. */
export function textBuiltins(): ReadonlyMap<string, Definition> {
  parsed ??= new Map(
    parseDefinitions(BUILTIN_TEXT).map((definition) => [
      `${definition.name}/${definition.parameters.length}`,
      definition,
    ]),
  );
  return parsed;
}

function names(): string[] {
  const all = [...textBuiltins().keys(), ...NATIVES.keys(), ...SPECIAL_FORMS.keys()];
  return all.filter((name) => !name.startsWith('_') && name !== 'builtins/0');
}

const recursive = new WeakMap<Definition, boolean>();

/** True when the body mentions the function's own name: its calls stay calls. */
export function callsItself(definition: Definition): boolean {
  const known = recursive.get(definition);
  if (known !== undefined) return known;
  const found = mentions(definition.body, definition);
  recursive.set(definition, found);
  return found;
}

function mentions(part: Ast, { name, parameters }: Definition): boolean {
  const pending: unknown[] = [part];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (typeof item !== 'object' || item === null) continue;
    // Only calls have arguments.
    const call = item as Partial<Of<'call'>>;
    if (call.kind === 'call' && call.name === name && call.args?.length === parameters.length) return true;
    pending.push(...Object.values(item).filter((child) => child !== undefined));
  }
  return false;
}
