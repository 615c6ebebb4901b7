/** A fetched document to the text that is kept with the version. */
import { setImmediate as turn } from 'node:timers/promises';
import { dialectOf } from '../dsl/compile/schema.ts';
import { shown } from '../dsl/validate/text.ts';
import { isStrictExpression } from '../engine/expression.ts';
import { member } from '../engine/json.ts';
import { compileJsonSchema } from '../json-schema/index.ts';
import type { Json } from '../jq/index.ts';
import { reduceOpenapi } from './openapi/reduce.ts';
import { ResourceFault, type FetchedDocument, type ResourceUse } from './types.ts';

/**
 * Reduces one document for the places that name it: what several need alike is worked out once, also when it fails,
 * since a definition may name one costly document in a thousand places.
 * @param signal once it aborts, nothing new is begun
 * @returns for a place: an operation as JSON, a .proto text, or a schema as JSON; rejects with {@link ResourceFault}
 *   when the document is not what the place needs
 */
export function reducerOf(
  document: FetchedDocument,
  signal: AbortSignal,
): (use: ResourceUse) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  return (use) => {
    const { kind, owner } = use;
    const service = member(member(owner, 'service'), 'name');
    const members = ['operationId', 'method', 'format'].map((name) => member(owner, name));
    const key = JSON.stringify([kind, service, ...members]);
    const text = known.get(key) ?? reduce(use, document, signal);
    known.set(key, text);
    return text;
  };
}

async function reduce(use: ResourceUse, document: FetchedDocument, signal: AbortSignal): Promise<string> {
  // Each may cost some milliseconds of an event loop that others share.
  await turn();
  if (signal.aborted) throw new ResourceFault('there was no time left to read it');
  switch (use.kind) {
    case 'openapi':
      return JSON.stringify(reduceOpenapi(document.value(), document.url, operationIdOf(use)));
    case 'proto':
      return protoText(use, document);
    case 'schema':
      return schemaText(use, document);
  }
}

function operationIdOf({ owner }: ResourceUse): string {
  const id = member(owner, 'operationId');
  if (typeof id === 'string' && !isStrictExpression(id)) return id;
  const reason =
    'the operation is looked up when the workflow is published, before there is anything to evaluate';
  throw new ResourceFault(`\`operationId\` must be the id itself: ${reason}`, '../operationId');
}

async function protoText({ owner }: ResourceUse, { text }: FetchedDocument): Promise<string> {
  // Its libraries are large, and few definitions have a .proto.
  const { checkProto } = await import('../tasks/grpc/check-proto.ts');
  const [service, method] = [member(member(owner, 'service'), 'name'), member(owner, 'method')];
  const problem = checkProto(text, textOf(service), textOf(method));
  if (problem !== null) throw new ResourceFault(`the .proto cannot be used: ${problem}`);
  return text;
}

function schemaText({ owner }: ResourceUse, document: FetchedDocument): string {
  const schema = document.value();
  const compiled = compileJsonSchema(schema, dialectOf(member(owner, 'format')));
  if (compiled.ok) return JSON.stringify(schema);
  const [first] = compiled.problems;
  const more = compiled.problems.length > 1 ? ` (and ${compiled.problems.length - 1} more like this)` : '';
  throw new ResourceFault(
    `it is not a JSON schema: ${shown(`#${first?.path ?? ''}`)} ${first?.message ?? ''}${more}`,
  );
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
