/** Items of arrays (core 10.3.1, validation 6.4). */
import type { Json } from '../../jq/index.ts';
import { canonicalText, type Canonical } from '../canonical.ts';
import { check, checkPart, type SchemaNode } from '../node.ts';
import { count } from '../problem.ts';
import type { Keyword, Validation } from '../validation.ts';
import type { KeywordContext, KeywordFactory } from './context.ts';

type Evaluations = Parameters<Keyword>[2];

/** An assertion about arrays; all other values pass. */
const onArray =
  (assertion: (items: Json[], run: Validation, evaluated: Evaluations) => boolean): Keyword =>
  (value, run, evaluated) =>
    !Array.isArray(value) || assertion(value, run, evaluated);

/** Holds the items from `start` on against one schema. */
const rest = (node: SchemaNode, start: number): Keyword =>
  onArray((items, run, evaluated) => {
    let valid = true;
    for (let index = start; index < items.length; index++) {
      if (checkPart(node, items[index] ?? null, index, run)) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    evaluated?.addAllItems();
    return valid;
  });

/** Holds the first items against one schema each. */
const leading = (nodes: readonly SchemaNode[]): Keyword =>
  onArray((items, run, evaluated) => {
    let valid = true;
    const amount = Math.min(nodes.length, items.length);
    for (let index = 0; index < amount; index++) {
      const node = nodes[index];
      if (node === undefined || checkPart(node, items[index] ?? null, index, run)) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    evaluated?.addLeadingItems(amount);
    return valid;
  });

const lengthOf = (list: Json | undefined): number => (Array.isArray(list) ? list.length : 0);

export const prefixItems: KeywordFactory = (_value, context) => leading(context.list());

/** Before 2020-12 a list stood here too, which is now `prefixItems`. */
export const items: KeywordFactory = (value, context) => {
  if (Array.isArray(value)) {
    // In 2020-12 the document has reported that this is no schema.
    return context.version < 2020 ? leading(context.list()) : null;
  }
  const node = context.one();
  return node === null
    ? null
    : rest(node, context.version < 2020 ? 0 : lengthOf(context.sibling('prefixItems')));
};

export const additionalItems: KeywordFactory = (_value, context) => {
  const node = context.one();
  const list = context.sibling('items');
  return node === null || !Array.isArray(list) ? null : rest(node, list.length);
};

export const unevaluatedItems: KeywordFactory = (_value, context) => {
  const node = context.one();
  if (node === null) return null;
  return onArray((instance, run, evaluated) => {
    let valid = true;
    for (const [index, item] of instance.entries()) {
      run.meter.tick();
      if (evaluated?.hasItem(index) === true || checkPart(node, item, index, run)) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    evaluated?.addAllItems();
    return valid;
  });
};

function bound(context: KeywordContext, keyword: string, otherwise: number): number {
  const value = context.version >= 2019 ? context.sibling(keyword) : undefined;
  // A bad one is reported by its own keyword.
  return typeof value === 'number' ? value : otherwise;
}

/** contains, with minContains and maxContains. */
export const contains: KeywordFactory = (_value, context) => {
  const node = context.one();
  if (node === null) return null;
  const min = bound(context, 'minContains', 1);
  const max = bound(context, 'maxContains', Infinity);
  const marks = context.version >= 2020;
  return onArray((instance, run, evaluated) => {
    let matches = 0;
    const saved = run.problems;
    run.problems = null;
    for (const [index, item] of instance.entries()) {
      if (!check(node, item, run, null)) continue;
      matches++;
      if (marks) evaluated?.addItem(index);
      if (evaluated === null && matches >= min && max === Infinity) break;
    }
    run.problems = saved;
    if (matches < min) {
      return run.report(
        () => `must have at least ${count(min, 'item')} that match \`contains\`; it has ${matches}`,
      );
    }
    return (
      matches <= max ||
      run.report(() => `must have at most ${count(max, 'item')} that match \`contains\`; it has ${matches}`)
    );
  });
};

/** minContains and maxContains: used by `contains`, here only checked for what they are. */
export const containsBound: KeywordFactory = (value, context) => {
  context.size(value);
  return null;
};

export const minItems: KeywordFactory = (value, context) => {
  const size = context.size(value);
  if (size === null) return null;
  return onArray(
    (instance, run) =>
      instance.length >= size || run.report(() => `must have at least ${count(size, 'item')}`),
  );
};

export const maxItems: KeywordFactory = (value, context) => {
  const size = context.size(value);
  if (size === null) return null;
  return onArray(
    (instance, run) =>
      instance.length <= size || run.report(() => `must have at most ${count(size, 'item')}`),
  );
};

export const uniqueItems: KeywordFactory = (value, context) => {
  if (typeof value !== 'boolean') return context.problem('must be true or false');
  if (!value) return null;
  return onArray((instance, run) => {
    const seen = new Map<Canonical, number>();
    for (const [index, item] of instance.entries()) {
      const text = canonicalText(item, run.meter);
      const before = seen.get(text);
      if (before !== undefined)
        return run.report(() => `must not have equal items; ${before} and ${index} are equal`);
      seen.set(text, index);
    }
    return true;
  });
};
