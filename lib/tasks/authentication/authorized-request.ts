/** A request with credentials, and an answer that refuses them. */
import type { HttpRequest, HttpResponse } from '../../engine/types.ts';
import type { Authentication, Caller, Credentials } from './types.ts';

/** The request with these credentials, which replace an Authorization field that the workflow set itself. */
export function withCredentials(request: HttpRequest, { scheme, parameter }: Credentials): HttpRequest {
  const others = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...request, headers: { ...Object.fromEntries(others), authorization: `${scheme} ${parameter}` } };
}

/** The same, and the credentials become `$authorization`. */
export function authorize(caller: Caller, request: HttpRequest, credentials: Credentials): HttpRequest {
  caller.authorized(credentials);
  return withCredentials(request, credentials);
}

/** 401 from the origin that was asked: one that a redirect led to was never sent credentials and gets none. */
export function isUnauthorized(request: HttpRequest, response: HttpResponse): boolean {
  return response.status === 401 && new URL(response.url).origin === new URL(request.url).origin;
}

/** A scheme whose credentials need no request of their own. */
export function immediate(
  scheme: Authentication['scheme'],
  parameterOf: (caller: Caller) => string,
): Authentication {
  return {
    scheme,
    async send(caller, request, _signal, send) {
      return send(authorize(caller, request, { scheme, parameter: parameterOf(caller) }));
    },
    async credentials(caller) {
      const credentials = { scheme, parameter: parameterOf(caller) };
      caller.authorized(credentials);
      return credentials;
    },
  };
}
