/** Authorities of the test's own, and the API that takes their tokens. */
import type { HttpRequest, HttpResponse, Json } from '../../../../lib/engine/types.ts';
import { GET, response } from './kit.ts';

export const AUTHORITY = 'https://id.example.org/realms/a';
export const METADATA = { issuer: AUTHORITY, token_endpoint: 'https://tokens.example.org/t' };
export const client = { id: 'me', secret: 'hidden' };
export const OAUTH2: Json = { oauth2: { authority: AUTHORITY, grant: 'client_credentials', client } };
export const oidc = (members: { [name: string]: Json } = {}): Json => ({
  oidc: { authority: AUTHORITY, grant: 'client_credentials', client, ...members },
});
export const jwt = (claims: Json): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'x']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

export interface Service {
  answer: (request: HttpRequest) => HttpResponse;
  /** URLs that were asked for tokens or metadata. */
  asked: string[];
  /** Tokens that the API was called with. */
  used: string[];
}

/** An authority that numbers its tokens, and an API that takes all but those in `revoked`. */
export function service(
  props: { token?: { [name: string]: Json }; metadata?: Json; revoked?: string[] } = {},
): Service {
  const asked: string[] = [];
  const used: string[] = [];
  let issued = 0;
  const answer = (request: HttpRequest): HttpResponse => {
    if (request.url === GET.url) {
      const token = (request.headers['authorization'] ?? '').replace('Bearer ', '');
      used.push(token);
      return response(request, props.revoked?.includes(token) === true ? 401 : 200);
    }
    asked.push(request.url);
    if (request.method === 'GET') return response(request, 200, props.metadata ?? METADATA);
    issued += 1;
    return response(request, 200, { access_token: `t${issued}`, token_type: 'Bearer', ...props.token });
  };
  return { answer, asked, used };
}
