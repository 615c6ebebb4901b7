/** Errors of undici, node:net, node:tls and node:dns as one `HttpFailure`, by their code and never their text. */
import { errors } from 'undici';
import { HttpFailure } from '../engine/types.ts';

type Known = [kind: HttpFailure['kind'], say: (host: string) => string];

const CLOSED: Known = ['network', (host) => `${host} closed the connection before the answer was complete`];
const NO_ROUTE: Known = ['network', (host) => `${host} cannot be reached`];
const SLOW: Known = ['timeout', (host) => `no connection to ${host} in time`];

const BY_CODE = new Map<string, Known>([
  ['ENOTFOUND', ['network', (host) => `the name of ${host} was not found`]],
  ['EAI_AGAIN', ['network', (host) => `the name of ${host} could not be resolved`]],
  ['ECONNREFUSED', ['network', (host) => `${host} refused the connection`]],
  ['ECONNRESET', CLOSED],
  ['EPIPE', CLOSED],
  ['UND_ERR_SOCKET', CLOSED],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', CLOSED],
  ['EHOSTUNREACH', NO_ROUTE],
  ['ENETUNREACH', NO_ROUTE],
  ['EADDRNOTAVAIL', NO_ROUTE],
  ['ETIMEDOUT', SLOW],
  ['UND_ERR_CONNECT_TIMEOUT', SLOW],
  ['UND_ERR_HEADERS_OVERFLOW', ['too_large', (host) => `the headers of ${host} are too large`]],
  ['UND_ERR_INVALID_ARG', ['invalid', (host) => `the request to ${host} is not valid`]],
]);
const TLS_CODE =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH$)/;

/**
 * What stopped a request to `host` (with its port, as the caller wrote it). The message never holds an address
 * that was resolved; the original error is the cause.
 * @returns the failure; an error without a code is a defect of ours and comes back as it is
 */
export function toHttpFailure(error: unknown, host: string): unknown {
  if (error instanceof HttpFailure) return error;
  // Without its cause, which carries what the server sent.
  if (error instanceof errors.HTTPParserError) {
    return new HttpFailure('network', `${host} did not answer with valid HTTP`);
  }
  const code = codeOf(error);
  if (code === null) return error;
  const [kind, say] = BY_CODE.get(code) ?? unlisted(code);
  return new HttpFailure(kind, say(host), { cause: error });
}

function unlisted(code: string): Known {
  if (TLS_CODE.test(code)) return ['network', (host) => `TLS with ${host} failed (${code})`];
  return ['network', (host) => `the request to ${host} failed (${code})`];
}

/** The code of an error; of several connection attempts (node:net, autoSelectFamily) that of the first. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : null;
}
