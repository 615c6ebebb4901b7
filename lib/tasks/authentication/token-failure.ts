/** Why there is no token, apart from the task that asks: several tasks may wait for the same request. */
import type { ErrorMembers, ErrorName, WorkflowError } from '../../engine/errors.ts';
import { HttpFailure, type HttpRequest, type HttpResponse } from '../../engine/types.ts';
import type { Caller } from './types.ts';

export class TokenFailure extends Error {
  readonly errorName: ErrorName;
  readonly members: ErrorMembers;

  constructor(errorName: ErrorName, message: string, members: ErrorMembers = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TokenFailure';
    this.errorName = errorName;
    this.members = members;
  }

  /** As an error of the task that asks. */
  toError(caller: Caller): WorkflowError {
    return caller.fail(this.errorName, this.message, { ...this.members, cause: this });
  }
}

const RETRYABLE = new Set([408, 425, 429]);

/**
 * The error codes of token endpoints (RFC 6749, 5.2; RFC 8693, 2.2.2): the only words of an authority that are
 * repeated.
 */
const ERROR_CODES = new Set<unknown>([
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
]);

/**
 * Sends a request to an authority.
 * @throws {TokenFailure} when there is no answer, and unless it is 200: authentication, or communication with the
 *   authority's status when another attempt may help (5xx, 408, 425, 429)
 */
export async function askAuthority(
  caller: Pick<Caller, 'http'>,
  request: HttpRequest,
  signal: AbortSignal,
  errorCode: (response: HttpResponse) => unknown = () => null,
): Promise<HttpResponse> {
  const { host } = new URL(request.url);
  let response: HttpResponse;
  try {
    response = await caller.http(request, signal);
  } catch (error) {
    throw error instanceof HttpFailure ? noAnswer(host, error) : error;
  }
  const { status } = response;
  if (status === 200) return response;
  const title = `The authority ${host} answered ${status}`;
  if (status >= 500 || RETRYABLE.has(status)) {
    throw new TokenFailure('communication', `${title}, and a token was expected.`, { status, title });
  }
  const code = errorCode(response);
  const reason = ERROR_CODES.has(code) ? ` (${String(code)})` : '';
  throw new TokenFailure('authentication', `${title}${reason}, and a token was expected.`, { title });
}

/** As for calls: what the egress guard refuses is an authorization error. */
function noAnswer(host: string, failure: HttpFailure): TokenFailure {
  const kinds = {
    refused: 'authorization',
    network: 'communication',
    timeout: 'timeout',
    too_large: 'authentication',
    invalid: 'configuration',
  } as const;
  const message = `The authority ${host} gave no token: ${failure.message}.`;
  return new TokenFailure(kinds[failure.kind], message, {}, { cause: failure });
}
