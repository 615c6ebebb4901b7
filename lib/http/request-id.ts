/** The id of a request, for its answer and for the log. */
import { randomUUID } from 'node:crypto';

/** What is safe to log and to send back: visible ASCII, at most 128 characters. */
const SANE = /^[\x21-\x7E]{1,128}$/;

/** The id that the client gave in `X-Request-Id`, or a new one. */
export const requestIdOf = (given: unknown): string =>
  typeof given === 'string' && SANE.test(given) ? given : randomUUID();
