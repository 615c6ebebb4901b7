/** The header fields of an outbound request: what a workflow may set, and what may cross to another origin. */
import { HttpFailure } from '../engine/types.ts';

/** Fields that frame or route the message; they are the client's own (RFC 9110, 7.6.1; RFC 9112, 6 and 9). */
const FORBIDDEN = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Fields that say nothing about who sends: all that a redirect to another origin keeps. */
const CROSS_ORIGIN = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'user-agent',
  'vespid-idempotency-key',
]);
const CONTENT_FIELDS = ['content-encoding', 'content-language', 'content-location', 'content-type'];

/** token (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** field-value as sent: visible ASCII, space, tab and obs-text (RFC 9110, 5.5). No CR, LF or NUL. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MAX_HEADER_BYTES = 32_768;

/**
 * Checks the fields a workflow sets and adds the client's own defaults. Names come out in lower case.
 * @throws {HttpFailure} `invalid`, naming the field and never its value
 */
export function checkHeaders(headers: Record<string, string>, userAgent: string): Map<string, string> {
  const checked = new Map([
    ['accept', '*/*'],
    ['accept-encoding', 'gzip, deflate, br'],
    ['user-agent', userAgent],
  ]);
  const seen = new Set<string>();
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    // First, so that a large object or value costs nothing.
    bytes += name.length + value.length + 4;
    if (bytes > MAX_HEADER_BYTES) throw invalid(`the headers are longer than ${MAX_HEADER_BYTES} bytes`);
    const field = name.toLowerCase();
    if (!TOKEN.test(name)) throw invalid(`${JSON.stringify(name)} is not a header name`);
    if (FORBIDDEN.has(field) || field.startsWith('proxy-')) {
      throw invalid(`the header "${field}" may not be set; the client sets it`);
    }
    if (seen.has(field)) throw invalid(`the header "${field}" is set twice`);
    if (!FIELD_VALUE.test(value)) {
      throw invalid(
        `the value of the header "${field}" has a line break, a control or a non-Latin-1 character`,
      );
    }
    seen.add(field);
    checked.set(field, value.trim());
  }
  return checked;
}

/** @throws {HttpFailure} `invalid` for what is not a method, or is one that a workflow may not use */
export function checkMethod(method: string): void {
  if (!TOKEN.test(method)) throw invalid(`${JSON.stringify(method)} is not a method`);
  if (/^(?:CONNECT|TRACE|TRACK)$/i.test(method)) throw invalid(`the method ${method} is not allowed`);
}

/** The fields that go on to another origin: no credentials, cookies or anything that could be one. */
export function crossOriginHeaders(headers: Map<string, string>): Map<string, string> {
  return new Map([...headers].filter(([name]) => CROSS_ORIGIN.has(name)));
}

/** The fields of a request that no longer has content (Fetch standard, HTTP-redirect fetch). */
export function withoutContentHeaders(headers: Map<string, string>): Map<string, string> {
  return new Map([...headers].filter(([name]) => !CONTENT_FIELDS.includes(name)));
}

function invalid(message: string): HttpFailure {
  return new HttpFailure('invalid', message);
}
