/** Bearer (RFC 6750): a token that the workflow has already. */
import type { Json } from '../types.ts';
import { immediate } from './authorized-request.ts';
import type { Authentication, AuthenticationContext } from './types.ts';
import { compileValues } from './values.ts';

/** Wider than RFC 6750's b64token, since services are; still nothing that could end the field or a list item. */
export const TOKEN = /^[\x21-\x7e]+$/;

/** A secret for it is an object with `token`, or the token itself as text. */
export function compileBearer(node: Json, context: AuthenticationContext): Authentication {
  const read = compileValues('bearer', node, context);
  return immediate('Bearer', (caller) => {
    const values = read(caller);
    const token = typeof values.all === 'string' ? values.all : values.text('token');
    if (!TOKEN.test(token)) {
      const detail =
        'The `token` of bearer authentication is empty or has a character that no token may have.';
      throw caller.fail('configuration', detail);
    }
    return token;
  });
}
