/** `oauth2` and `oidc`: a bearer token that an authority issues (RFC 6749, RFC 8693, OpenID Connect Core). */
import type { Json } from '../types.ts';
import { authorize, isUnauthorized } from './authorized-request.ts';
import { compileTokenSettings, type TokenScheme } from './token-settings.ts';
import { TokenSource } from './token-source.ts';
import type { Authentication, AuthenticationContext, Credentials } from './types.ts';

/** The token endpoint is known, but for an authority that ends in `/.well-known/…`, which is asked. */
export const compileOAuth2 = (node: Json, context: AuthenticationContext): Authentication =>
  compileToken('oauth2', node, context);

/** The authority is asked for its token endpoint (OpenID Connect Discovery 1.0). */
export const compileOpenIdConnect = (node: Json, context: AuthenticationContext): Authentication =>
  compileToken('oidc', node, context);

function compileToken(scheme: TokenScheme, node: Json, context: AuthenticationContext): Authentication {
  const read = compileTokenSettings(scheme, node, context);
  const source = new TokenSource();
  return {
    scheme: 'Bearer',
    async send(caller, request, signal, send) {
      const settings = read(caller);
      const { token, cached } = await source.find(settings, caller, signal);
      const response = await send(authorize(caller, request, bearer(token)));
      if (!cached || !isUnauthorized(request, response)) return response;
      const fresh = await source.find(settings, caller, signal, token);
      return send(authorize(caller, request, bearer(fresh.token)));
    },
    async credentials(caller, signal) {
      const { token } = await source.find(read(caller), caller, signal);
      const credentials = bearer(token);
      caller.authorized(credentials);
      return credentials;
    },
  };
}

const bearer = (token: string): Credentials => ({ scheme: 'Bearer', parameter: token });
