/** Authentication of outbound calls (dsl-reference, Authentication): from a definition to what sends credentials. */
import { isJsonObject, member } from '../../engine/json.ts';
import type { Json } from '../types.ts';
import { compileBasic } from './basic.ts';
import { compileBearer } from './bearer.ts';
import { compileDigest } from './digest.ts';
import { compileOAuth2, compileOpenIdConnect } from './oauth2.ts';
import type { Authentication, AuthenticationContext } from './types.ts';

export type { Authentication, AuthenticationContext, Caller, Credentials } from './types.ts';

const SCHEMES = {
  basic: compileBasic,
  bearer: compileBearer,
  digest: compileDigest,
  oauth2: compileOAuth2,
  oidc: compileOpenIdConnect,
} as const;

/**
 * Compiles an authentication policy, which was validated before.
 * @param node `{ use: <name in use.authentications> }`, or one scheme: its members, whose texts may be expressions,
 *   or `{ use: <name of a secret> }`
 * @throws {Error} when it is neither, which is a bug
 */
export function compileAuthentication(node: Json, context: AuthenticationContext): Authentication {
  const name = member(node, 'use');
  const policy = typeof name === 'string' ? context.reusable('authentications', name) : node;
  if (!isJsonObject(policy)) throw new Error(`the authentication of ${context.pointer} is not an object`);
  for (const [scheme, compile] of Object.entries(SCHEMES)) {
    const settings = member(policy, scheme);
    if (settings !== undefined) return compile(settings, context);
  }
  throw new Error(`the authentication of ${context.pointer} has no scheme`);
}
