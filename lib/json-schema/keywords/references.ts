/** $ref, $dynamicRef (core 8.2.3) and the $recursiveRef of 2019-09. */
import type { Json } from '../../jq/index.ts';
import { check, type SchemaNode } from '../node.ts';
import type { Keyword } from '../validation.ts';
import { resolveUri } from '../uri.ts';
import type { KeywordContext, KeywordFactory } from './context.ts';

function target(reference: Json, context: KeywordContext): SchemaNode | null {
  if (typeof reference !== 'string') return context.problem('must be a URI reference');
  const found = context.document.resolve(reference, context.node.resource);
  return typeof found === 'string' ? context.problem(found) : found;
}

const toNode =
  (node: SchemaNode): Keyword =>
  (value, run, evaluated) =>
    check(node, value, run, evaluated);

export const reference: KeywordFactory = (value, context) => {
  const node = target(value, context);
  return node === null ? null : toNode(node);
};

/** The outermost resource in the dynamic scope that has the anchor decides. */
const toAnchor =
  (anchor: string, otherwise: SchemaNode): Keyword =>
  (value, run, evaluated) => {
    for (const resource of run.scope) {
      run.meter.tick();
      const node = resource.dynamicAnchors.get(anchor);
      if (node !== undefined) return check(node, value, run, evaluated);
    }
    return check(otherwise, value, run, evaluated);
  };

export const dynamicReference: KeywordFactory = (value, context) => {
  const node = target(value, context);
  if (node === null) return null;
  const uri = typeof value === 'string' ? resolveUri(value, context.node.resource.base) : null;
  const anchor = uri?.fragment ?? '';
  // Only where the plain reading leads to a dynamic anchor of that name is the reference dynamic.
  return node.resource.dynamicAnchors.get(anchor) === node ? toAnchor(anchor, node) : toNode(node);
};

export const recursiveReference: KeywordFactory = (value, context) => {
  if (value !== '#') return context.problem('must be `#`');
  const node = target(value, context);
  if (node === null) return null;
  return node.resource.dynamicAnchors.get('') === node ? toAnchor('', node) : toNode(node);
};
