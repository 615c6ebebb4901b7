/** What an answer gives a workflow: `content`, `raw` or `response` (dsl-reference, HTTP Call, output). */
import type { Frame } from '../engine/frame.ts';
import type { HttpRequest, HttpResponse } from '../engine/types.ts';
import { badContent } from './call-http-errors.ts';
import { parseJson } from './call-http-json.ts';
import type { Json } from './types.ts';

export type OutputForm = 'raw' | 'content' | 'response';

/** Names that tell of a credential: such a header of the request never becomes data. */
const CREDENTIAL = /auth|cookie|credential|jwt|key|passwd|password|secret|session|signature|token/;
const NOT_A_CREDENTIAL = new Set(['vespid-idempotency-key', 'idempotency-key']);

const TEXT_TYPES = new Set([
  'application/ecmascript',
  'application/graphql',
  'application/javascript',
  'application/json-seq',
  'application/jsonl',
  'application/sql',
  'application/toml',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-www-form-urlencoded',
  'application/x-yaml',
  'application/xml',
  'application/xml-dtd',
  'application/yaml',
]);

/** @throws {WorkflowError} of type communication when content of a JSON type is not JSON */
export function outputOf(frame: Frame, request: HttpRequest, response: HttpResponse, form: OutputForm): Json {
  switch (form) {
    case 'raw':
      return base64(response.body);
    case 'content':
      return contentOf(frame, request, response);
    case 'response':
      return {
        request: { method: request.method, uri: request.url, headers: withoutCredentials(request.headers) },
        statusCode: response.status,
        headers: response.headers,
        content: contentOf(frame, request, response),
      };
  }
}

/** By media type: JSON parsed, text decoded, anything else base64; no content is null whatever its type. */
function contentOf(frame: Frame, request: HttpRequest, response: HttpResponse): Json {
  const { body } = response;
  if (body.byteLength === 0) return null;
  const [type = '', ...parameters] = (response.headers['content-type'] ?? '').split(';');
  const mediaType = type.trim().toLowerCase();
  if (isJsonType(mediaType)) {
    const parsed = parseJson(body);
    if (!parsed.ok) throw badContent(frame, request, parsed.problem);
    return parsed.value;
  }
  return isTextType(mediaType) ? decodeText(body, parameters) : base64(body);
}

/** RFC 6839, 3.1, and the type that some servers still use. */
function isJsonType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType === 'text/json' || mediaType.endsWith('+json');
}

function isTextType(mediaType: string): boolean {
  return (
    mediaType.startsWith('text/') ||
    mediaType.endsWith('+xml') ||
    mediaType.endsWith('+yaml') ||
    TEXT_TYPES.has(mediaType)
  );
}

/** By the `charset` parameter, else UTF-8; bytes that are not in it become U+FFFD. */
function decodeText(body: Uint8Array, parameters: string[]): string {
  const charset = parameters.map((text) => /^\s*charset\s*=\s*"?([^"\s]+)/i.exec(text)?.[1]).find(Boolean);
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const shown = Object.entries(headers).filter(
    ([name]) => NOT_A_CREDENTIAL.has(name) || !CREDENTIAL.test(name),
  );
  return Object.fromEntries(shown);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
