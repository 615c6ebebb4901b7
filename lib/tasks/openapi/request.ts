/** From the parameters of a call to the request of its operation. */
import type { Frame } from '../../engine/frame.ts';
import type { WorkflowError } from '../../engine/errors.ts';
import { isJsonObject, member, setMember } from '../../engine/json.ts';
import type { HttpRequest } from '../../engine/types.ts';
import { jsonSizeAtMost } from '../../jq/index.ts';
import type { Json, JsonObject } from '../types.ts';
import { encodeBody } from './body.ts';
import type { Operation, OperationParameter } from './operation.ts';
import { headerText, pathText, queryPairs, StyleFault } from './style.ts';

/** Of a parameter that is not the body, as JSON. */
const MAX_PARAMETER_BYTES = 65_536;
/** Far more than the egress client takes. */
const MAX_URL_LENGTH = 131_072;

const IDEMPOTENCY_KEY = 'vespid-idempotency-key';

/**
 * Puts every parameter where the operation has it; what is left is the body.
 * @param parameters the evaluated `parameters`
 * @param followRedirects `redirect` of the call
 * @throws {WorkflowError} of type expression when a required one is missing or a value cannot be sent;
 *   configuration when the operation takes no parameter of that name
 */
export function operationRequest(
  operation: Operation,
  frame: Frame,
  parameters: Json,
  followRedirects: boolean,
): HttpRequest {
  if (!isJsonObject(parameters))
    throw frame.fail('expression', 'The `parameters` of the call are no object.');
  const given = givenOf(operation, frame, parameters);
  const url = operation.server + pathOf(operation, frame, given) + queryOf(frame, given);
  if (!URL.canParse(url)) throw frame.fail('expression', 'The URL of the operation is not valid.');
  const headers = headersOf(operation, frame, given);
  const content = contentOf(operation, frame, parameters, headers.get('content-type') ?? null);
  if (content !== null) headers.set('content-type', content.type);
  return {
    method: operation.method,
    url,
    headers: Object.fromEntries(headers),
    followRedirects,
    ...(content !== null && { body: content.text }),
  };
}

type Given = { parameter: OperationParameter; value: Json }[];

/** The declared parameters that have a value; null is none. */
function givenOf(operation: Operation, frame: Frame, parameters: JsonObject): Given {
  const given: Given = [];
  for (const parameter of operation.parameters) {
    const value = member(parameters, parameter.name) ?? null;
    if (value !== null) given.push({ parameter, value: sized(frame, parameter.name, value) });
    else if (parameter.required) {
      const detail = `The operation ${operation.id} needs the ${parameter.in} parameter ${JSON.stringify(parameter.name)}; it is missing or null.`;
      throw frame.fail('expression', detail);
    }
  }
  return given;
}

/** Data can be large; what no URL and no header can hold is refused before it is written out and encoded. */
function sized(frame: Frame, name: string, value: Json): Json {
  if (jsonSizeAtMost(value, MAX_PARAMETER_BYTES) <= MAX_PARAMETER_BYTES) return value;
  const detail = `The parameter ${JSON.stringify(name)} of the call is larger than ${MAX_PARAMETER_BYTES} bytes.`;
  throw frame.fail('expression', detail);
}

/** Says of which parameter a fault is. */
function styled<T>(frame: Frame, name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StyleFault)) throw error;
    throw badValue(frame, `parameter ${JSON.stringify(name)}`, error);
  }
}

const badValue = (frame: Frame, what: string, fault: StyleFault): WorkflowError =>
  frame.fail('expression', `The ${what} of the call ${fault.message}.`, { cause: fault });

/** A value may not leave its place: no empty segment, and no `.` or `..`, which URLs resolve. */
function pathOf(operation: Operation, frame: Frame, given: Given): string {
  const texts = new Map<string, string>();
  for (const { parameter, value } of given) {
    if (parameter.in !== 'path') continue;
    const { name } = parameter;
    const text = styled(frame, name, () => pathText(parameter, value));
    if (text === '') {
      throw frame.fail('expression', `The path parameter ${JSON.stringify(name)} of the call is empty.`);
    }
    texts.set(name, text);
  }
  let { length } = operation.path;
  const textOf = (name: string): string => {
    const text = texts.get(name) ?? '';
    // The path of a document may name a parameter thousands of times.
    length += text.length;
    if (length > MAX_URL_LENGTH) throw frame.fail('expression', 'The URL of the operation is too long.');
    return text;
  };
  const segments = operation.path.split('/').map((segment) => {
    const filled = segment.replace(/\{([^{}]*)\}/g, (_, name: string) => textOf(name));
    if (filled !== segment && /^\.{1,2}$/.test(filled)) {
      const detail = 'A path parameter of the call is "." or "..", which would lead to another path.';
      throw frame.fail('expression', detail);
    }
    return filled;
  });
  return segments.join('/');
}

function queryOf(frame: Frame, given: Given): string {
  const pairs = given
    .filter(({ parameter }) => parameter.in === 'query')
    .flatMap(({ parameter, value }) => styled(frame, parameter.name, () => queryPairs(parameter, value)));
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function headersOf(operation: Operation, frame: Frame, given: Given): Map<string, string> {
  const headers = new Map<string, string>();
  if (operation.accept !== null) headers.set('accept', operation.accept);
  headers.set(IDEMPOTENCY_KEY, frame.idempotencyKey);
  const cookies: string[] = [];
  for (const { parameter, value } of given) {
    const { name } = parameter;
    if (parameter.in === 'header') {
      const text = styled(frame, name, () => headerText(parameter, value));
      headers.set(name.toLowerCase(), text);
    } else if (parameter.in === 'cookie') {
      cookies.push(...styled(frame, name, () => queryPairs(parameter, value)));
    }
  }
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
  return headers;
}

function contentOf(operation: Operation, frame: Frame, parameters: JsonObject, type: string | null) {
  const { body } = operation;
  const declared = new Set(operation.parameters.map(({ name }) => name));
  const left = Object.entries(parameters).filter(([name]) => !declared.has(name));
  if (body === null) {
    const [first] = left;
    if (first === undefined) return null;
    const detail = `The operation ${operation.id} has no parameter ${JSON.stringify(first[0])}, and takes no body.`;
    throw frame.fail('configuration', detail);
  }
  const value = bodyOf(body.names, left);
  if (value === undefined) {
    if (!body.required) return null;
    throw frame.fail(
      'expression',
      `The operation ${operation.id} needs a body, and no parameter is left for it.`,
    );
  }
  try {
    return encodeBody(body, value, type, () => frame.ports.random());
  } catch (error) {
    if (error instanceof StyleFault) throw badValue(frame, 'body', error);
    throw error;
  }
}

/** What is left: one parameter that is the whole body (null for none), or the members of the body. */
function bodyOf(names: readonly string[], left: [string, Json][]): Json | undefined {
  const [first] = left;
  if (first === undefined) return undefined;
  if (left.length === 1 && names.includes(first[0])) return first[1] ?? undefined;
  const members: JsonObject = {};
  for (const [name, value] of left) setMember(members, name, value);
  return members;
}
