/** The arguments of `call: http`, compiled, and the request that they give for one input. */
import { isStrictExpression } from '../engine/expression.ts';
import type { Frame } from '../engine/frame.ts';
import { isJsonObject, member } from '../engine/json.ts';
import type { HttpRequest } from '../engine/types.ts';
import type { OutputForm } from './call-http-response.ts';
import type { CompileContext, Evaluable, Json, JsonObject } from './types.ts';
import { expandUriTemplate, parseUriTemplate, type UriTemplate } from './uri-template.ts';

export interface CallArguments {
  readonly method: Evaluable;
  readonly endpoint: { expression: Evaluable } | { template: UriTemplate };
  readonly headers: Evaluable;
  readonly query: Evaluable;
  /** null for none */
  readonly body: Evaluable | null;
  readonly output: OutputForm;
  readonly redirect: boolean;
}

type Scalar = string | number | boolean;

/** The egress client takes no longer URL, and no more headers; these keep the work before that small. */
const MAX_QUERY_LENGTH = 16_384;
const MAX_HEADERS = 8192;

const IDEMPOTENCY_KEY = 'vespid-idempotency-key';
const FORM = 'application/x-www-form-urlencoded';

/** Compiles `with`. The definition was validated before. */
export function compileArguments(node: JsonObject, context: CompileContext): CallArguments {
  const given = (name: string): Json | undefined => member(node['with'], name);
  const body = given('body');
  const output = given('output');
  return {
    method: context.template(given('method') ?? null),
    endpoint: compileEndpoint(given('endpoint') ?? null, context),
    headers: context.template(given('headers') ?? {}),
    query: context.template(given('query') ?? {}),
    body: body === undefined ? null : context.template(body),
    output: output === 'raw' || output === 'response' ? output : 'content',
    redirect: given('redirect') === true,
  };
}

/** Compiles an endpoint: a URI template or an expression, or an object with one as its `uri`. */
export function compileEndpoint(endpoint: Json, context: CompileContext): CallArguments['endpoint'] {
  const text = isJsonObject(endpoint) ? member(endpoint, 'uri') : endpoint;
  if (typeof text !== 'string') throw new Error(`the endpoint of ${context.pointer} is not text`);
  if (isStrictExpression(text)) return { expression: context.template(text) };
  const parsed = parseUriTemplate(text);
  if (!parsed.ok) throw new Error(`the endpoint of ${context.pointer}: ${parsed.problem}`);
  return { template: parsed.template };
}

/**
 * Evaluates every argument on the task's transformed input.
 * @throws {WorkflowError} of type expression when a value cannot be part of a request
 */
export function buildRequest(compiled: CallArguments, frame: Frame, input: Json): HttpRequest {
  const method = frame.evaluate(compiled.method, input);
  if (typeof method !== 'string') throw frame.fail('expression', 'The `method` of the call is not text.');
  const query = pairsOf(frame, 'query', frame.evaluate(compiled.query, input));
  const url = withQuery(frame, urlOf(frame, compiled.endpoint, input), query);
  const headers = headersOf(frame, frame.evaluate(compiled.headers, input));
  const body = compiled.body === null ? null : frame.evaluate(compiled.body, input);
  const content = contentOf(frame, body, headers.get('content-type'));
  if (content !== null && !headers.has('content-type')) headers.set('content-type', content.type);
  if (!headers.has(IDEMPOTENCY_KEY)) headers.set(IDEMPOTENCY_KEY, frame.idempotencyKey);
  return {
    method: method.trim().toUpperCase(),
    url: url.href,
    headers: Object.fromEntries(headers),
    followRedirects: compiled.redirect,
    ...(content !== null && { body: content.text }),
  };
}

/**
 * What an expression gives is the URI itself: braces that come out of data are not a template.
 * @throws {WorkflowError} of type expression when it gives no absolute URL
 */
export function urlOf(frame: Frame, endpoint: CallArguments['endpoint'], input: Json): URL {
  const text =
    'template' in endpoint
      ? expand(frame, endpoint.template, input)
      : frame.evaluate(endpoint.expression, input);
  if (typeof text !== 'string') throw frame.fail('expression', 'The `endpoint` of the call is not text.');
  if (!URL.canParse(text))
    throw frame.fail('expression', 'The `endpoint` of the call is not an absolute URL.');
  return new URL(text);
}

function expand(frame: Frame, template: UriTemplate, input: Json): string {
  const expanded = expandUriTemplate(template, input);
  if (!expanded.ok) throw frame.fail('expression', `The \`endpoint\` of the call: ${expanded.problem}.`);
  return expanded.uri;
}

/** Appends to the query that the endpoint has, which stays as it is written. */
function withQuery(frame: Frame, url: URL, query: [string, Scalar][]): URL {
  if (query.length === 0) return url;
  // Before they are encoded: data can be large.
  const length = query.reduce((sum, [name, value]) => sum + name.length + String(value).length + 2, 0);
  if (length > MAX_QUERY_LENGTH) {
    throw frame.fail(
      'expression',
      `The \`query\` of the call is longer than ${MAX_QUERY_LENGTH} characters.`,
    );
  }
  const encoded = query
    .map(([name, value]) => `${encode(frame, name)}=${encode(frame, String(value))}`)
    .join('&');
  url.search = url.search === '' ? encoded : `${url.search}&${encoded}`;
  return url;
}

function encode(frame: Frame, text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw frame.fail('expression', 'The `query` of the call has a lone surrogate, which no URL can hold.', {
      cause,
    });
  }
}

/**
 * Headers in lower case; null is left out.
 * @throws {WorkflowError} of type expression when a value is none or a name comes twice
 */
export function headersOf(frame: Frame, value: Json): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, scalar] of pairsOf(frame, 'headers', value)) {
    if (headers.size === MAX_HEADERS) {
      throw frame.fail('expression', `The call has more than ${MAX_HEADERS} headers.`);
    }
    const field = name.toLowerCase();
    if (headers.has(field))
      throw frame.fail('expression', `The header "${field}" of the call has two values.`);
    headers.set(field, String(scalar));
  }
  return headers;
}

/** Names and values in order: an array repeats its name, null is left out. */
function pairsOf(frame: Frame, what: 'query' | 'headers' | 'body', value: Json): [string, Scalar][] {
  if (value === null) return [];
  if (!isJsonObject(value)) throw frame.fail('expression', `The \`${what}\` of the call is not an object.`);
  const pairs: [string, Scalar][] = [];
  for (const [name, item] of Object.entries(value)) {
    for (const scalar of Array.isArray(item) ? item : [item]) {
      if (scalar === null) continue;
      if (typeof scalar === 'object') {
        const detail = `The \`${what}\` of the call: the value of ${JSON.stringify(name)} is not text, a number or a boolean.`;
        throw frame.fail('expression', detail);
      }
      pairs.push([name, scalar]);
    }
  }
  return pairs;
}

/** Text goes as it is, an object as a form when that is its content type, all else as JSON; null is no content. */
function contentOf(
  frame: Frame,
  body: Json,
  contentType: string | undefined,
): { text: string; type: string } | null {
  if (body === null) return null;
  if (typeof body === 'string') return { text: body, type: 'text/plain; charset=utf-8' };
  if (contentType?.split(';')[0]?.trim().toLowerCase() === FORM && isJsonObject(body)) {
    const form = new URLSearchParams();
    for (const [name, value] of pairsOf(frame, 'body', body)) form.append(name, String(value));
    return { text: form.toString(), type: FORM };
  }
  return { text: JSON.stringify(body), type: 'application/json' };
}
