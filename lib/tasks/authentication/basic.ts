/** Basic (RFC 7617), in UTF-8. */
import type { Json } from '../types.ts';
import { immediate } from './authorized-request.ts';
import { base64Of } from './encoding.ts';
import type { Authentication, AuthenticationContext } from './types.ts';
import { compileValues } from './values.ts';

const CONTROL = /\p{Cc}/u;

export function compileBasic(node: Json, context: AuthenticationContext): Authentication {
  const read = compileValues('basic', node, context);
  return immediate('Basic', (caller) => {
    const values = read(caller);
    const username = values.text('username');
    const password = values.text('password');
    if (username.includes(':')) {
      throw caller.fail('configuration', 'The `username` of basic authentication may not contain a colon.');
    }
    if (CONTROL.test(username + password)) {
      const detail =
        'The `username` and `password` of basic authentication may not contain control characters.';
      throw caller.fail('configuration', detail);
    }
    return base64Of(`${username}:${password}`);
  });
}
