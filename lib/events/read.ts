/** The CloudEvents of a request, in any mode of the HTTP Protocol Binding 1.0.2 (section 3). */
import type { Context } from 'hono';
import type { CloudEvent, Json } from '../engine/types.ts';
import { ApiError, type ErrorItem } from '../errors.ts';
import { mediaType, parseJsonBytes, readBytes, type BodySource } from '../http/body.ts';
import { hasEventHeaders, readBinaryEvent } from './binary.ts';
import { readJsonEvent, type ReadEvent } from './envelope.ts';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const MAX_BATCH = 1000;
/** Errors that one answer lists. */
const MAX_ERRORS = 100;

type Mode = 'structured' | 'batch' | 'binary' | 'json';

/** Section 3: the content type decides between the modes of JSON, anything else with `ce-` headers is binary. */
function modeOf(c: Context): Mode {
  const type = mediaType(c);
  if (type === STRUCTURED) return 'structured';
  if (type === BATCH) return 'batch';
  if (type?.startsWith('application/cloudevents') !== true) {
    if (hasEventHeaders(c.req.raw.headers)) return 'binary';
    if (type === null || type === 'application/json') return 'json';
  }
  throw new ApiError(
    'UNSUPPORTED_MEDIA_TYPE',
    `"${type}" is not supported here; send ${STRUCTURED}, ${BATCH}, or any type with the attributes in ce- headers.`,
  );
}

const refusal = (errors: ErrorItem[]): ApiError =>
  new ApiError('VALIDATION_FAILED', 'The request is no valid CloudEvent (version 1.0).', {
    errors: errors.slice(0, MAX_ERRORS),
  });

const readOne = (event: ReadEvent): CloudEvent[] => {
  if (!event.ok) throw refusal(event.errors);
  return [event.event];
};

function readBatch(value: Json): CloudEvent[] {
  if (!Array.isArray(value)) throw refusal([{ path: '', message: 'must be an array of CloudEvents' }]);
  if (value.length > MAX_BATCH) {
    throw refusal([{ path: '', message: `must have at most ${MAX_BATCH} events` }]);
  }
  const results = value.map((item, index) => readJsonEvent(item, `/${index}`));
  const errors = results.flatMap((result) => (result.ok ? [] : result.errors));
  if (errors.length > 0) throw refusal(errors);
  return results.flatMap((result) => (result.ok ? [result.event] : []));
}

/**
 * Reads one event, or a batch, which is valid as a whole or refused. `application/json` is taken for structured mode,
 * and an array for a batch.
 * @throws {ApiError} UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_JSON, VALIDATION_FAILED
 */
export async function readEvents(source: BodySource): Promise<CloudEvent[]> {
  const { c } = source;
  const mode = modeOf(c);
  const bytes = await readBytes(source);
  if (mode === 'binary') return readOne(readBinaryEvent(c.req.raw.headers, bytes));
  const value = parseJsonBytes(bytes);
  const isBatch = mode === 'batch' || (mode === 'json' && Array.isArray(value));
  return isBatch ? readBatch(value) : readOne(readJsonEvent(value, ''));
}
