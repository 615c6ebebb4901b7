/** Finds an operation of an OpenAPI document by its `operationId`. */
import { listed, shown } from '../../dsl/validate/text.ts';
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { ResourceFault } from '../types.ts';
import type { References } from './reference.ts';
import { similarity } from './similarity.ts';

export interface FoundOperation {
  /** In lower case, as in the document. */
  readonly method: string;
  readonly path: string;
  readonly pathItem: JsonObject;
  readonly operation: JsonObject;
}

/** `query` is of OpenAPI 3.2; `trace` is left out, since no call may use it. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'];

/** Names that a message chooses from. */
const MAX_NAMES = 2000;

/** @throws {ResourceFault} at `../operationId` when there is none, or more than one, with the names that are near */
export function findOperation(document: JsonObject, id: string, references: References): FoundOperation {
  const found: FoundOperation[] = [];
  /** Path items may be shared, so that a small document has any number of operations with few names. */
  const ids = new Set<string>();
  for (const [path, item] of Object.entries(objectOf(member(document, 'paths')))) {
    const pathItem = objectOf(references.followIfPossible(item));
    for (const method of METHODS) {
      const operation = member(pathItem, method);
      const operationId = member(operation, 'operationId');
      if (typeof operationId !== 'string' || !isJsonObject(operation)) continue;
      if (ids.size < MAX_NAMES) ids.add(operationId);
      if (operationId === id) found.push({ method, path, pathItem, operation });
    }
  }
  const [first, second] = found;
  if (first === undefined) throw new ResourceFault(unknownOperation(id, [...ids]), '../operationId');
  if (second !== undefined) {
    const message = `the document has ${found.length} operations ${shown(id)}, and an operationId is unique`;
    throw new ResourceFault(message, '../operationId');
  }
  return first;
}

function unknownOperation(id: string, ids: readonly string[]): string {
  const message = `the document has no operation ${shown(id)}`;
  if (ids.length === 0) return `${message}; none of its operations has an \`operationId\``;
  const near = ids
    .map((other) => ({ other, score: similarity(id, other) }))
    .filter(({ score }) => score >= 0.4)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ other }) => other);
  return near.length > 0
    ? `${message}; did you mean ${listed(near, 'or')}?`
    : `${message}; it has ${listed(ids)}`;
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
