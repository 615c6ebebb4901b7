/** Compiles `use.extensions`: lists that run before and after the tasks they extend. */
import { compileExpression } from '../../engine/expression.ts';
import { isJsonObject, member } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { compileList, escapePointer, keyText } from './list.ts';
import type { CompileScope, Extension } from './scope.ts';

/**
 * @param scope that of the workflow, without extensions: their own tasks are not extended
 * @returns them in the order of declaration, in which they apply
 */
export function compileExtensions(scope: CompileScope): Extension[] {
  const items = member(scope.use, 'extensions');
  if (!Array.isArray(items)) return [];
  return items.flatMap((item, index) =>
    isJsonObject(item)
      ? Object.entries(item).map(([name, node]) => compileExtension(name, node, index, scope))
      : [],
  );
}

function compileExtension(name: string, node: Json, index: number, scope: CompileScope): Extension {
  const own = { ...scope, pointer: `/use/extensions/${index}/${escapePointer(name)}` };
  const list = (path: 'before' | 'after') => {
    const nodes = member(node, path);
    return nodes === undefined ? null : compileList(nodes, path, own);
  };
  const when = member(node, 'when');
  const extend = member(node, 'extend');
  if (typeof extend !== 'string') throw new Error(`${own.pointer} does not say what it extends`);
  return {
    extend,
    keySegment: `/use/extensions/${index}/${keyText(name)}`,
    when: typeof when === 'string' ? compileExpression(when, scope.variables) : null,
    before: list('before'),
    after: list('after'),
  };
}
