/** Expressions that build a value from their parts. Parts that are all constant become one constant. */
import type { Ast, Of } from './ast.ts';
import type { JqSyntaxError } from './errors.ts';
import { formatOf } from './formats.ts';
import type { Json, JsonObject } from './json.ts';
import { setMember } from './json.ts';
import type { Node } from './machine.ts';
import { pipe } from './node-compose.ts';
import { collect, object, template } from './node-construct.ts';
import { index, sliceKey } from './node-index.ts';
import { callNative } from './node-native.ts';
import { literal } from './node.ts';
import { negate } from './operators.ts';
import type { Compile, Place } from './scope.ts';

type Constructor = Of<'format'> | Of<'template'> | Of<'array'> | Of<'object'> | Of<'slice'> | Of<'negate'>;

function compileArray({ body }: Of<'array'>, place: Place, compile: Compile): Node {
  if (body === null) return literal([]);
  const items = body.kind === 'comma' ? body.parts : [body];
  const constants: Json[] = [];
  for (const item of items) {
    if (item.kind !== 'literal') return collect(compile(body, place));
    constants.push(item.value);
  }
  return literal(constants);
}

function compileObject({ entries }: Of<'object'>, place: Place, compile: Compile): Node {
  const nodes = entries.map(({ key, value }) => ({ key: compile(key, place), value: compile(value, place) }));
  const constant: JsonObject = {};
  for (const { key, value } of nodes) {
    if (typeof key.constant !== 'string' || value.constant === undefined) return object(nodes);
    setMember(constant, key.constant, value.constant);
  }
  return literal(constant);
}

function compileSlice(ast: Of<'slice'>, place: Place, compile: Compile): Node {
  const bound = (part: Ast | null): Node => (part === null ? literal(null) : compile(part, place));
  return index(compile(ast.target, place), sliceKey(bound(ast.from), bound(ast.to)), ast.optional);
}

function compileNegation(ast: Of<'negate'>, place: Place, compile: Compile): Node {
  const body = compile(ast.body, place);
  if (typeof body.constant === 'number') return literal(-body.constant);
  return pipe(
    body,
    callNative((_machine, input) => negate(input), []),
  );
}

/** Compiles an array, an object, a string, a slice or a negation; `error` makes the error for an unknown format. */
export function compileConstructor(
  ast: Constructor,
  place: Place,
  compile: Compile,
  error: (message: string, at: number) => JqSyntaxError,
): Node {
  switch (ast.kind) {
    case 'array':
      return compileArray(ast, place, compile);
    case 'object':
      return compileObject(ast, place, compile);
    case 'slice':
      return compileSlice(ast, place, compile);
    case 'negate':
      return compileNegation(ast, place, compile);
    case 'format':
    case 'template': {
      const name = ast.kind === 'format' ? ast.name : ast.format;
      const format = formatOf(name);
      if (format === undefined) throw error(`${name} is not a valid format`, ast.at);
      if (ast.kind === 'format') return callNative((machine, input) => format(input, machine.meter), []);
      const parts = ast.parts.map((part) => (typeof part === 'string' ? part : compile(part, place)));
      return template(parts, (machine, value) => format(value, machine.meter));
    }
    default:
      return ast satisfies never;
  }
}
