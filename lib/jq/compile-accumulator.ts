/** Finds the updates of `reduce` that may change their state in place. */
import type { Ast } from './ast.ts';
import { COMBINE } from './compile-operator.ts';
import type { StartAccumulator } from './node-accumulate.ts';
import { appending, updating } from './node-accumulate.ts';
import type { Compile, Place } from './scope.ts';

/** False when no output of the expression can hold a part of its input; true when that is not certain. */
function mayHoldInput(ast: Ast): boolean {
  switch (ast.kind) {
    case 'literal':
    case 'variable':
      return false;
    case 'array':
      return ast.body !== null && mayHoldInput(ast.body);
    case 'object':
      return ast.entries.some(({ key, value }) => mayHoldInput(key) || mayHoldInput(value));
    case 'template':
      return ast.parts.some((part) => typeof part !== 'string' && mayHoldInput(part));
    case 'index':
      return mayHoldInput(ast.target) || mayHoldInput(ast.key);
    case 'binary':
    case 'alternative':
      return mayHoldInput(ast.left) || mayHoldInput(ast.right);
    case 'pipe':
      // What stands behind the first part sees the output of that part as its input.
      return ast.parts.slice(0, 1).some(mayHoldInput);
    case 'comma':
      return ast.parts.some(mayHoldInput);
    case 'negate':
      return mayHoldInput(ast.body);
    case 'identity':
    case 'recurse':
    case 'slice':
    case 'iterate':
    case 'format':
    case 'call':
    case 'try':
    case 'and':
    case 'or':
    case 'if':
    case 'update':
    case 'reduce':
    case 'foreach':
    case 'bind':
    case 'label':
    case 'break':
    case 'define':
      return true;
    default:
      return ast satisfies never;
  }
}

/** An accumulator for `. + value` or `path = value` and its kin, null for every other update. */
export function compileAccumulator(update: Ast, place: Place, compile: Compile): StartAccumulator | null {
  if (update.kind === 'binary' && update.operator === '+' && update.left.kind === 'identity') {
    const { direct } = compile(update.right, place);
    return direct === null || mayHoldInput(update.right) ? null : appending(direct);
  }
  if (update.kind !== 'update' || update.operator === '|=' || mayHoldInput(update.value)) return null;
  const { direct } = compile(update.value, place);
  const { locate } = compile(update.target, place);
  return direct === null || locate === null ? null : updating(locate, direct, COMBINE[update.operator]);
}
