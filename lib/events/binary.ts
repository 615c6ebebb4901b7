/** Binary mode: attributes in `ce-` headers, data in the body (HTTP Protocol Binding 1.0.2, section 3.1). */
import { setMember } from '../engine/json.ts';
import type { CloudEvent, Json } from '../engine/types.ts';
import type { ErrorItem } from '../errors.ts';
import { decodeUtf8 } from '../json.ts';
import { parseJsonBytes } from '../http/body.ts';
import { readEnvelope, type ReadEvent } from './envelope.ts';

const PREFIX = 'ce-';

/** Whether the request carries attributes in headers. */
export const hasEventHeaders = (headers: Headers): boolean =>
  [...headers.keys()].some((name) => name.startsWith(PREFIX));

type Decoded = { ok: true; value: string } | { ok: false; message: string };

/**
 * The value of a header: quotes are taken away first, then one round of percent-decoding follows
 * (section 3.1.3.2). A `%` that begins no triplet stands for itself.
 */
function decodeHeaderValue(raw: string): Decoded {
  // oxlint-disable-next-line no-control-regex -- bytes beyond ASCII come as Latin-1
  if (/[^\u0000-\u007F]/.test(raw)) {
    return { ok: false, message: 'must be ASCII; percent-encode other characters as UTF-8' };
  }
  const quoted = /^"(.*)"$/.exec(raw)?.[1];
  const plain = quoted === undefined ? raw : quoted.replaceAll(/\\(.)/g, '$1');
  const bytes = Buffer.from(
    plain.replaceAll(/%([0-9A-Fa-f]{2})/g, (_triplet, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  const value = decodeUtf8(bytes);
  return value === null ? { ok: false, message: 'is not percent-encoded UTF-8' } : { ok: true, value };
}

const isJson = (contentType: string): boolean => /^[^;]*[/+]json\s*(?:;|$)/i.test(contentType);
const isText = (contentType: string): boolean =>
  /^(?:text\/|[^;]*[/+](?:xml|yaml|x-yaml|x-www-form-urlencoded|javascript)\s*(?:;|$))/i.test(contentType);

/** The body as members of the envelope. Without a content type it is taken for JSON, as the JSON format does. */
function dataMembers(bytes: Uint8Array, contentType: string | null): CloudEvent {
  if (bytes.byteLength === 0) return {};
  if (contentType === null || isJson(contentType)) return { data: parseJsonBytes(bytes) };
  const text = isText(contentType) ? decodeUtf8(bytes) : null;
  return text === null ? { data_base64: Buffer.from(bytes).toString('base64') } : { data: text };
}

const headerPath = (name?: string): string =>
  name === 'datacontenttype' ? 'header/Content-Type' : `header/${PREFIX}${name ?? ''}`;

/**
 * The event of headers and body.
 * @throws {ApiError} INVALID_JSON for a body that its content type calls JSON and that is none
 */
export function readBinaryEvent(headers: Headers, bytes: Uint8Array): ReadEvent {
  const attributes: { [name: string]: Json } = {};
  const errors: ErrorItem[] = [];
  for (const [header, raw] of headers) {
    if (!header.startsWith(PREFIX)) continue;
    const name = header.slice(PREFIX.length);
    const decoded = decodeHeaderValue(raw);
    if (name === 'datacontenttype') {
      errors.push({ path: `header/${header}`, message: 'is given by Content-Type in binary mode' });
    } else if (name === 'data' || name === 'data_base64') {
      errors.push({ path: `header/${header}`, message: 'is given by the body in binary mode' });
    } else if (decoded.ok) setMember(attributes, name, decoded.value);
    else errors.push({ path: `header/${header}`, message: decoded.message });
  }
  const contentType = headers.get('content-type');
  if (contentType !== null) attributes['datacontenttype'] = contentType;
  const read = readEnvelope(attributes, headerPath);
  if (!read.ok) {
    const known = new Set(errors.map(({ path }) => path));
    return { ok: false, errors: [...errors, ...read.errors.filter(({ path }) => !known.has(path))] };
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, event: { ...read.event, ...dataMembers(bytes, contentType) } };
}
