/** `call: http` with credentials. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HttpRequest, HttpResponse, Json } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { definition, output, run } from '../../support/engine-run.ts';
import { serve } from '../egress/kit.ts';
import { call, failureOf, outputOf } from './call-http-run.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe('a call with authentication', () => {
  it('sends the credentials of a secret, and response shows none', async () => {
    const server = await serve((_, response) =>
      response.setHeader('content-type', 'application/json').end('{}'),
    );
    const authentication = { basic: { use: 'login' } };
    const given = await outputOf(
      call(
        { method: 'get', endpoint: { uri: `${server.origin}/{id}`, authentication }, output: 'response' },
        { input: { id: 7 }, secrets: { login: { username: 'Aladdin', password: 'open sesame' } } },
      ),
    );
    expect(server.seen[0]).toMatchObject({
      url: '/7',
      headers: { authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' },
    });
    expect(JSON.stringify(given)).not.toMatch(/authorization|QWxhZGRpb/i);
  });

  it('answers a digest challenge of a real service', async () => {
    const server = await serve((incoming, response) => {
      const field = (name: string): string =>
        new RegExp(`\\b${name}="?([^",]+)`).exec(incoming.headers.authorization ?? '')?.[1] ?? '';
      const account = md5('u:here:p');
      const request = md5(`GET:${incoming.url}`);
      const right = md5(`${account}:n1:${field('nc')}:${field('cnonce')}:auth:${request}`);
      if (field('response') === right) response.end();
      else
        response.writeHead(401, { 'www-authenticate': 'Digest realm="here", nonce="n1", qop="auth"' }).end();
    });
    const get = (password: string) => {
      const authentication = { digest: { username: 'u', password } };
      return call({ method: 'get', endpoint: { uri: `${server.origin}/a?b=c`, authentication } });
    };
    expect(await outputOf(get('p'))).toBeNull();
    expect(server.seen).toHaveLength(2);
    expect(await failureOf(get('wrong'))).toMatchObject({
      type: 'authentication',
      status: 401,
      retryable: false,
    });
  });

  it('fetches one token for the calls of a run, through the same client', async () => {
    const server = await serve((incoming, response) => {
      if (incoming.url !== '/oauth2/token') response.end();
      else
        response.setHeader('content-type', 'application/json').end('{"access_token":"t1","expires_in":3600}');
    });
    const authentication = {
      oauth2: { authority: server.origin, grant: 'client_credentials', client: { id: 'a', secret: 'b' } },
    };
    await outputOf(call({ method: 'get', endpoint: { uri: server.origin, authentication } }));
    expect(server.seen.map(({ method, url, headers }) => [method, url, headers['authorization']])).toEqual([
      ['POST', '/oauth2/token', undefined],
      ['GET', '/', 'Bearer t1'],
    ]);
  });

  it('sends no credentials, cookies or fields of its own to another origin', async () => {
    const other = await serve((_, response) => response.end());
    const server = await serve((_, response) => response.writeHead(307, { location: other.origin }).end());
    const authentication = { bearer: { token: 'hidden' } };
    const headers = { cookie: 'hidden', 'x-api-key': 'hidden', 'accept-language': 'de' };
    const endpoint = { uri: server.origin, authentication };
    await outputOf(call({ method: 'get', endpoint, headers, redirect: true }));
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer hidden', cookie: 'hidden' });
    expect(other.seen[0]?.headers).toMatchObject({ 'accept-language': 'de' });
    expect(JSON.stringify(other.seen)).not.toContain('hidden');
  });

  it('has one time limit for the token and the answer', async () => {
    const server = await serve(() => undefined);
    const authentication = {
      oauth2: { authority: server.origin, grant: 'client_credentials', client: { id: 'a', secret: 'b' } },
    };
    const endpoint = { uri: 'http://127.0.0.1:1/', authentication };
    expect(await failureOf(call({ method: 'get', endpoint }, { callTimeoutMs: 50 }))).toMatchObject({
      type: 'timeout',
      status: 408,
      detail: 'GET 127.0.0.1:1 gave no answer within 50 ms.',
      retryable: true,
    });
  });

  it('is retried by the run when the authority is down, not when it refuses', async () => {
    const failing = async (status: number) => {
      const server = await serve((_, response) =>
        response.writeHead(status).end('{"error":"invalid_client"}'),
      );
      const authentication = {
        oauth2: {
          authority: server.origin,
          grant: 'client_credentials',
          client: { id: 'a', secret: 'hidden' },
        },
      };
      return failureOf(call({ method: 'get', endpoint: { uri: server.origin, authentication } }));
    };
    expect(await failing(503)).toMatchObject({ type: 'communication', status: 503, retryable: true });
    const refused = await failing(401);
    expect(refused).toMatchObject({ type: 'authentication', status: 401, retryable: false });
    expect(refused.detail).toMatch(/^The authority 127\.0\.0\.1:\d+ answered 401 \(invalid_client\)/);
    expect(JSON.stringify(refused)).not.toContain('hidden');
  });

  it('fails with authorization 403 when the org lacks the secret', async () => {
    const endpoint = { uri: 'http://127.0.0.1:1/', authentication: { bearer: { use: 'missing' } } };
    expect(await failureOf(call({ method: 'get', endpoint }))).toMatchObject({
      type: 'authorization',
      status: 403,
      detail: 'The org has no secret "missing".',
    });
  });
});

describe('$authorization', () => {
  const workflow = (authentication: string): Json =>
    definition(`
use:
  authentications:
    mine: ${authentication}
do:
  - call:
      call: http
      with: { method: get, endpoint: { uri: https://api.example.org/, authentication: { use: mine } } }
      output: { as: '\${ $authorization }' }
`);
  const OAUTH2 =
    '{ oauth2: { authority: https://id.example.org, grant: client_credentials, client: { id: a, secret: b } } }';

  /** An authority with numbered tokens, and an API that asks for a digest unless it gets a token. */
  const services = () => {
    let issued = 0;
    return async ({ url, headers }: HttpRequest): Promise<HttpResponse> => {
      const json = (status: number, body: Json, more = {}): HttpResponse => ({
        status,
        headers: { 'content-type': 'application/json', ...more },
        body: new TextEncoder().encode(JSON.stringify(body)),
        url,
      });
      if (url.startsWith('https://id.')) return json(200, { access_token: `t${(issued += 1)}` });
      const challenge = { 'www-authenticate': 'Digest realm="here", nonce="n1"' };
      return headers['authorization'] === undefined ? json(401, null, challenge) : json(200, null);
    };
  };
  const portsWith = (answer: FakePorts['answer']): FakePorts => {
    const ports = new FakePorts();
    ports.answer = answer;
    return ports;
  };

  it('is what was sent, in the stages after the call, and masked elsewhere', async () => {
    const concealed: string[] = [];
    const of = async (authentication: string): Promise<Json> => {
      const ports = portsWith(services());
      const given = await output(workflow(authentication), { ports });
      concealed.push(...ports.concealed);
      return given;
    };
    expect(await of('{ basic: { username: a, password: b } }')).toEqual({
      scheme: 'Basic',
      parameter: 'YTpi',
    });
    expect(await of(OAUTH2)).toEqual({ scheme: 'Bearer', parameter: 't1' });
    expect(await of('{ digest: { username: a, password: b } }')).toEqual({ scheme: 'Digest', parameter: '' });
    expect(concealed).toEqual(['YTpi', 't1']);
  });

  it.each<[string, string, Json]>([
    ['basic', '{ basic: { username: a, password: b } }', { scheme: 'Basic', parameter: 'YTpi' }],
    ['a token that is fetched again', OAUTH2, { scheme: 'Bearer', parameter: 't2' }],
    ['digest', '{ digest: { username: a, password: b } }', { scheme: 'Digest', parameter: '' }],
  ])(
    'is there when the task goes on after a crash, and was never in the state: %s',
    async (_, how, expected) => {
      const answer = services();
      const dying = portsWith(answer);
      dying.onMoment = (moment) => {
        if (moment === 'record') dying.interrupt('shutdown');
      };
      const { outcome, progress } = await run(workflow(how), { ports: dying });
      expect(outcome.kind).toBe('interrupted');
      const state = JSON.stringify(progress);
      expect(state).toContain('"result"');
      expect(state).not.toMatch(/YTpi|"t1"|Digest/);
      const next = portsWith(answer);
      expect(await output(workflow(how), { ports: next, progress: JSON.parse(state) })).toEqual(expected);
      expect(next.requests.filter(({ url }) => url.startsWith('https://api.'))).toEqual([]);
    },
  );
});
