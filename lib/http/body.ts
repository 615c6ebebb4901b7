/** Request bodies: read within the limit, decoded strictly, parsed, validated. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import * as v from 'valibot';
import type { Config } from '../config.ts';
import type { Json } from '../engine/types.ts';
import { ApiError, type ErrorItem } from '../errors.ts';
import { decodeUtf8, parseJsonText } from '../json.ts';

/** How many arrays and objects of a JSON body may stand inside one another. */
const MAX_JSON_DEPTH = 200;

/** What reading a body needs of the request's context. */
export interface BodySource {
  c: Context;
  deps: { config: Pick<Config, 'maxBodyBytes'> };
}

/** The client went away while its body was read: there is nobody to answer. */
export class ClientGone extends Error {
  constructor(cause: unknown) {
    super('the client went away', { cause });
    this.name = 'ClientGone';
  }
}

const tooLarge = (maxBytes: number): ApiError =>
  new ApiError('PAYLOAD_TOO_LARGE', `The body has more than ${maxBytes} bytes.`, { extra: { maxBytes } });

/**
 * Refuses a body by its announced length, before anything is read.
 * @throws {ApiError} PAYLOAD_TOO_LARGE
 */
export function refuseLargeBody(c: Context, maxBytes: number): void {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

async function readStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    size += value.byteLength;
    if (size > maxBytes) {
      // Not awaited: the rest of the body may never come.
      reader.cancel().catch(() => {});
      throw tooLarge(maxBytes);
    }
    chunks.push(value);
  }
}

/**
 * The body of a request that has arrived whole, as a small one has by the time it is asked for; null otherwise.
 * Nothing is built around it then: no stream of the web, no Request.
 */
function readArrived(c: Context): Uint8Array | null {
  // node-server's bindings; `app.request` of the tests has none.
  const incoming = (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  if (incoming === undefined || !incoming.complete || incoming.destroyed || incoming.readableDidRead)
    return null;
  const { readableLength } = incoming;
  if (readableLength !== Number(incoming.headers['content-length'])) return null;
  // Also of no bytes: what is read to its end needs no cleaning up.
  const bytes: unknown = incoming.read();
  if (bytes === null) return readableLength === 0 ? new Uint8Array() : null;
  return bytes instanceof Uint8Array ? bytes : null;
}

/**
 * The bytes of the body; empty when there is none. Without `Content-Length` they are counted while they come.
 * @throws {ApiError} PAYLOAD_TOO_LARGE
 * @throws {ClientGone}
 */
export async function readBytes({ c, deps }: BodySource): Promise<Uint8Array> {
  const { maxBodyBytes } = deps.config;
  refuseLargeBody(c, maxBodyBytes);
  const arrived = readArrived(c);
  if (arrived !== null) return arrived;
  try {
    // The server holds the client to the length it announced.
    if (c.req.header('content-length') !== undefined) return new Uint8Array(await c.req.raw.arrayBuffer());
    return c.req.raw.body === null ? new Uint8Array() : await readStream(c.req.raw.body, maxBodyBytes);
  } catch (error) {
    throw error instanceof ApiError ? error : new ClientGone(error);
  }
}

/**
 * The media type of the body, in lower case without parameters; null when the request names none.
 * @throws {ApiError} UNSUPPORTED_MEDIA_TYPE for a charset that is not UTF-8 and for an encoded body
 */
export function mediaType(c: Context): string | null {
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ApiError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Encoding "${encoding}" is not supported; send the body as it is.`,
    );
  }
  const header = c.req.header('content-type');
  if (header === undefined) return null;
  const [type = '', ...parameters] = header.toLowerCase().split(';');
  for (const parameter of parameters) {
    const charset = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1];
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
      throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `The charset "${charset}" is not supported; send UTF-8.`);
    }
  }
  return type.trim();
}

/**
 * The JSON value of the bytes.
 * @throws {ApiError} INVALID_JSON, saying where the text is broken
 */
export function parseJsonBytes(bytes: Uint8Array): Json {
  const text = decodeUtf8(bytes);
  if (text === null) throw new ApiError('INVALID_JSON', 'The body is not valid UTF-8.');
  const parsed = parseJsonText(text, { maxDepth: MAX_JSON_DEPTH });
  if (!parsed.ok) throw new ApiError('INVALID_JSON', `The body is not valid JSON: ${parsed.message}.`);
  return parsed.value;
}

/**
 * The JSON value of a body that was read; undefined when it is empty.
 * @throws {ApiError} UNSUPPORTED_MEDIA_TYPE, INVALID_JSON
 */
export function parseJsonBody(c: Context, bytes: Uint8Array): Json | undefined {
  if (bytes.byteLength === 0) return undefined;
  const type = mediaType(c);
  if (type !== null && type !== 'application/json') {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `"${type}" is not supported here; send application/json.`);
  }
  return parseJsonBytes(bytes);
}

const escapePointer = (key: unknown): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

/** valibot's issues as the error list of a problem, paths as JSON pointers (RFC 6901). */
function toErrorItems(issues: readonly v.BaseIssue<unknown>[]): ErrorItem[] {
  return issues.map((issue) => ({
    path: (issue.path ?? []).map((part) => `/${escapePointer(part.key)}`).join(''),
    message: issue.message,
  }));
}

/**
 * Validates a value against a schema.
 * @throws {ApiError} VALIDATION_FAILED with every problem at once
 */
export function validate<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new ApiError('VALIDATION_FAILED', 'The body does not have the expected shape.', {
    errors: toErrorItems(result.issues),
  });
}

/**
 * The validated JSON body; an empty one fails the schema.
 * @throws {ApiError} PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_JSON, VALIDATION_FAILED
 */
export async function readBody<Schema extends v.GenericSchema>(
  source: BodySource,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  return validate(schema, parseJsonBody(source.c, await readBytes(source)));
}
