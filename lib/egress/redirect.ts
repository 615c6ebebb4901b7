/** Where a redirect leads, and with what (RFC 9110, 15.4; Fetch standard, HTTP-redirect fetch). */
import { HttpFailure } from '../engine/types.ts';
import { crossOriginHeaders, withoutContentHeaders } from './request-headers.ts';

/** A checked request, ready to be sent. */
export interface Hop {
  url: URL;
  method: string;
  headers: Map<string, string>;
  body: string | Uint8Array | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The request that follows an answer, or null when the answer is not a redirect. 303 (and 301, 302 after POST)
 * goes on with GET and no body; 307 and 308 repeat the request. Another origin gets no credentials.
 * @param location the answer's Location field
 * @param check parses and checks the next URL, as for a first request
 * @throws {HttpFailure} when Location is no URL or `check` refuses it
 */
export function nextHop(
  hop: Hop,
  status: number,
  location: string | undefined,
  check: (url: string) => URL,
): Hop | null {
  if (!REDIRECTS.has(status) || location === undefined) return null;
  const url = checkLocation(location, hop.url, check);
  const toGet = status === 303 ? hop.method !== 'HEAD' : hop.method === 'POST' && status <= 302;
  const method = toGet ? 'GET' : hop.method;
  const body = toGet ? undefined : hop.body;
  const headers = toGet ? withoutContentHeaders(hop.headers) : hop.headers;
  return {
    url,
    method,
    body,
    headers: url.origin === hop.url.origin ? headers : crossOriginHeaders(headers),
  };
}

/** A bad URL is an error of the workflow in a request, and of the server in a redirect. */
function checkLocation(location: string, base: URL, check: (url: string) => URL): URL {
  if (!URL.canParse(location, base.href)) {
    throw new HttpFailure('network', `${base.host} redirects to something that is not a URL`);
  }
  try {
    return check(new URL(location, base).href);
  } catch (cause) {
    if (!(cause instanceof HttpFailure) || cause.kind !== 'invalid') throw cause;
    throw new HttpFailure('refused', `${base.host} redirects where no call may go: ${cause.message}`, {
      cause,
    });
  }
}
