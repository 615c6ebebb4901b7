/**
 * An OpenAPI document (3.0 to 3.2, Swagger 2.0) to the one operation that a call needs. Not done with an OpenAPI
 * parser: those dereference the whole document, which a hostile one makes exponential, refuse documents that real
 * services publish, and quote them in their messages. Here only what the operation refers to is followed, once.
 */
import { shown } from '../../dsl/validate/text.ts';
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Operation, OperationBody, OperationParameter } from '../../tasks/openapi/operation.ts';
import { ResourceFault } from '../types.ts';
import { reduceBody, reduceSwaggerBody } from './body.ts';
import { findOperation, type FoundOperation } from './find-operation.ts';
import { acceptOf } from './media-type.ts';
import { membersOf, textsOf } from './members.ts';
import { rawParameters, reduceParameter, reduceSwaggerParameter } from './parameter.ts';
import { References } from './reference.ts';
import { serverOf, swaggerServerOf } from './server.ts';

const MAX_OPERATION_BYTES = 64 * 1024;

/**
 * @param value the document
 * @param url where it was, for relative servers
 * @param id the `operationId`
 * @throws {ResourceFault} when it is no such document, has no such operation, or one that cannot be called
 */
export function reduceOpenapi(value: Json, url: string, id: string): Operation {
  const version = versionOf(value);
  const document = isJsonObject(value) ? value : {};
  const references = new References(document);
  const found = findOperation(document, id, references);
  const parts = version === 2 ? swaggerParts(document, found, references) : parts3(found, references);
  checkPath(found.path, parts.parameters);
  const server = (version === 2 ? swaggerServerOf : serverOf)(document, found, url);
  const operation: Operation = {
    format: 1,
    id,
    method: found.method.toUpperCase(),
    server,
    path: found.path,
    ...parts,
  };
  const length = Buffer.byteLength(JSON.stringify(operation));
  if (length > MAX_OPERATION_BYTES) {
    throw new ResourceFault(
      `the operation takes ${length} bytes to keep; at most ${MAX_OPERATION_BYTES} can be`,
    );
  }
  return operation;
}

const scalarOf = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** YAML authors forget the quotes, so that the version is a number. */
function versionOf(value: Json): 2 | 3 {
  const openapi = scalarOf(member(value, 'openapi'));
  const swagger = scalarOf(member(value, 'swagger'));
  if (/^3(?:\.[0-2](?:\.\d.*)?)?$/.test(openapi)) return 3;
  if (/^2(?:\.0)?$/.test(swagger)) return 2;
  if (openapi === '' && swagger === '') {
    throw new ResourceFault(
      'it is not an OpenAPI document: it has neither `openapi` nor `swagger` at its top',
    );
  }
  const version = shown(openapi === '' ? swagger : openapi);
  throw new ResourceFault(`it is OpenAPI ${version}; 3.0, 3.1, 3.2 and Swagger 2.0 are read here`);
}

type Parts = Pick<Operation, 'parameters' | 'body' | 'accept'>;

function parts3(found: FoundOperation, references: References): Parts {
  const parameters = rawParameters(found, references).map(reduceParameter);
  const body: OperationBody | null = reduceBody(found.operation, references);
  const answers = membersOf(member(found.operation, 'responses')).filter(isSuccess);
  const types = answers.flatMap(([, answer]) => {
    const response = references.followIfPossible(answer);
    return membersOf(member(response, 'content')).map(([type]) => type);
  });
  return { parameters, body, accept: acceptOf(types) };
}

function swaggerParts(document: JsonObject, found: FoundOperation, references: References): Parts {
  const raw = rawParameters(found, references);
  const inBody = (parameter: JsonObject): boolean =>
    member(parameter, 'in') === 'body' || member(parameter, 'in') === 'formData';
  const listOf = (name: string): string[] => textsOf(member(found.operation, name) ?? member(document, name));
  return {
    parameters: raw.filter((parameter) => !inBody(parameter)).map(reduceSwaggerParameter),
    body: reduceSwaggerBody(raw.filter(inBody), listOf('consumes'), references),
    accept: acceptOf(listOf('produces')),
  };
}

const isSuccess = ([status]: [string, Json]): boolean => status.startsWith('2') || status === 'default';

function checkPath(path: string, parameters: readonly OperationParameter[]): void {
  if (!path.startsWith('/') || /[?#\s\\]/.test(path)) {
    throw new ResourceFault(
      'the path of the operation does not begin with "/", or has a query or a space in it',
    );
  }
  const names = new Set(parameters.filter((each) => each.in === 'path').map(({ name }) => name));
  for (const [, name = ''] of path.matchAll(/\{([^{}]*)\}/g)) {
    if (!names.has(name)) {
      throw new ResourceFault(
        `the path of the operation has ${shown(`{${name}}`)}, and no path parameter of that name`,
      );
    }
  }
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) {
    throw new ResourceFault('the path of the operation has "." or ".." in it, which lead to another path');
  }
}
