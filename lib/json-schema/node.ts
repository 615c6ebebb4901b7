/** A compiled schema, and how a value is held against it. */
import type { Json } from '../jq/index.ts';
import type { JsonObject } from '../jq/json.ts';
import type { Dialect } from './dialect.ts';
import { Evaluated, type Keyword, type Validation } from './validation.ts';

/** A schema resource (core 4.3.5): a schema with an identity of its own, and the names that are known in it. */
export interface Resource {
  /** Absolute URI without fragment. */
  readonly base: string;
  readonly root: Json;
  /** JSON pointer of the root into the whole document. */
  readonly pointer: string;
  readonly dialect: Dialect;
  readonly anchors: Map<string, SchemaNode>;
  /** Those of the anchors that `$dynamicRef` looks for. */
  readonly dynamicAnchors: Map<string, SchemaNode>;
}

/** One schema. The keywords are filled in after the node was made, so that references may form cycles. */
export interface SchemaNode {
  readonly resource: Resource;
  /** JSON pointer into the whole document. */
  readonly pointer: string;
  /** null for the schemas `true` and `false`. */
  readonly source: JsonObject | null;
  /** What makes the rest pointless when it fails: type, const, enum. */
  readonly first: Keyword[];
  readonly keywords: Keyword[];
  /** What looks at the work of all other keywords: unevaluatedProperties, unevaluatedItems. */
  readonly last: Keyword[];
}

export const newNode = (resource: Resource, pointer: string, source: JsonObject | null): SchemaNode => ({
  resource,
  pointer,
  source,
  first: [],
  keywords: [],
  last: [],
});

function every(
  keywords: readonly Keyword[],
  value: Json,
  run: Validation,
  evaluated: Evaluated | null,
): boolean {
  let valid = true;
  for (const keyword of keywords) {
    if (keyword(value, run, evaluated)) continue;
    valid = false;
    if (!run.collecting) return false;
  }
  return valid;
}

/**
 * Holds a value against a schema.
 * @param outer where to note what was evaluated; null when nobody asks
 * @returns true when it is valid; otherwise the problems are in `run`, if it collects any
 * @throws {JqLimitError} when a budget runs out
 */
export function check(node: SchemaNode, value: Json, run: Validation, outer: Evaluated | null): boolean {
  run.enter(node);
  const evaluated = node.last.length > 0 ? new Evaluated(run.meter) : outer;
  const valid =
    every(node.first, value, run, evaluated) &&
    every(node.keywords, value, run, evaluated) &&
    every(node.last, value, run, evaluated);
  if (valid && evaluated !== null && outer !== null && evaluated !== outer) outer.merge(evaluated);
  run.leave();
  return valid;
}

/** Holds a member or an item against a schema; what is evaluated inside it is its own matter. */
export function checkPart(node: SchemaNode, part: Json, key: string | number, run: Validation): boolean {
  run.path.push(key);
  const valid = check(node, part, run, null);
  run.path.pop();
  return valid;
}
