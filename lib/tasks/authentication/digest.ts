/**
 * Digest (RFC 7616): the request is sent without credentials, and again with the answer to the challenge. `auth-int`
 * is not supported; a challenge that another URL sends after a redirect is not answered. `$authorization` has no
 * parameter.
 */
import type { HttpRequest, HttpResponse } from '../../engine/types.ts';
import type { Json } from '../types.ts';
import { withCredentials } from './authorized-request.ts';
import { type Challenge, parseChallenges } from './challenges.ts';
import { answerable, answerDigest } from './digest-answer.ts';
import type { Authentication, AuthenticationContext } from './types.ts';
import { compileValues } from './values.ts';

export function compileDigest(node: Json, context: AuthenticationContext): Authentication {
  const read = compileValues('digest', node, context);
  return {
    scheme: 'Digest',
    async send(caller, request, _signal, send) {
      const values = read(caller);
      const username = values.text('username');
      const password = values.text('password');
      const answer = async (challenge: Challenge): Promise<HttpResponse> => {
        const { pathname, search } = new URL(request.url);
        const facts = { username, password, method: request.method, uri: pathname + search };
        const parameter = await answerDigest(challenge, { ...facts, cnonce: crypto.randomUUID() });
        return send(withCredentials(request, { scheme: 'Digest', parameter }));
      };
      // What is sent proves the password for this one request: nothing that later stages could use.
      caller.authorized({ scheme: 'Digest', parameter: '' });
      const first = await send(request);
      const challenge = challengeOf(request, first);
      if (challenge === null) return first;
      const second = await answer(challenge);
      const next = challengeOf(request, second);
      // The nonce expired on the way: the credentials were right (RFC 7616, 3.3, stale).
      const stale = next?.parameters.get('stale')?.toLowerCase() === 'true';
      return next !== null && stale ? answer(next) : second;
    },
    async credentials(caller) {
      const detail = 'Digest authentication needs a challenge, which this protocol does not have.';
      throw caller.fail('configuration', detail);
    },
  };
}

/** What to answer, or null when nothing is asked, or not by the URL that the request was for. */
function challengeOf(request: HttpRequest, response: HttpResponse): Challenge | null {
  if (response.status !== 401) return null;
  const [asked, answered] = [new URL(request.url), new URL(response.url)];
  asked.hash = '';
  answered.hash = '';
  if (asked.href !== answered.href) return null;
  return answerable(parseChallenges(response.headers['www-authenticate'] ?? ''));
}
