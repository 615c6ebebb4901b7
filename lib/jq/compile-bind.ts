/** Expressions that bind variables by patterns: `as`, `reduce` and `foreach`. */
import type { Of } from './ast.ts';
import { compileAccumulator } from './compile-accumulator.ts';
import { compilePatterns } from './compile-pattern.ts';
import type { Node } from './machine.ts';
import { bind } from './node-bind.ts';
import { identity } from './node-compose.ts';
import { foreach, reduce } from './node-fold.ts';
import type { Compile, Place } from './scope.ts';

/** Compiles `source as patterns | body`. */
export function compileBind(ast: Of<'bind'>, place: Place, compile: Compile): Node {
  const { binders, inner } = compilePatterns(ast.patterns, place, compile);
  return bind(compile(ast.source, place), binders, compile(ast.body, inner));
}

/** Compiles `reduce` and `foreach`. */
export function compileFold(ast: Of<'reduce' | 'foreach'>, place: Place, compile: Compile): Node {
  const { binders, inner } = compilePatterns(ast.patterns, place, compile);
  const source = compile(ast.source, place);
  const initial = compile(ast.initial, place);
  const update = compile(ast.update, inner);
  if (ast.kind === 'reduce') {
    return reduce(source, binders, initial, update, compileAccumulator(ast.update, inner, compile));
  }
  return foreach(
    source,
    binders,
    initial,
    update,
    ast.extract === null ? identity : compile(ast.extract, inner),
  );
}
