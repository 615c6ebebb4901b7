/** The world outside, as the definitions of the table find it: one host that answers in a few ways. */
import { member } from '../../lib/engine/json.ts';
import type { HttpRequest, HttpResponse, Json } from '../../lib/engine/types.ts';

/** Its URLs begin with this. */
const HOST = 'api.test';

const OPERATION = {
  operationId: 'getPet',
  parameters: [{ name: 'petId', in: 'path', required: true, schema: { type: 'integer' } }],
  responses: { 200: { description: 'a pet' } },
};

const PROTO = `syntax = "proto3";
package greet;
service Greeter { rpc SayHello (Request) returns (Reply); }
message Request { string name = 1; }
message Reply { string message = 1; }`;

/** What every call of gRPC is answered: `{ message: 'hi' }` as a `Reply`. */
export const GREETING = { messages: [Uint8Array.of(10, 2, 104, 105)] };

const DOCUMENTS: Readonly<Record<string, Json>> = {
  '/openapi.json': {
    openapi: '3.1.0',
    servers: [{ url: `https://${HOST}` }],
    paths: { '/pets/{petId}': { get: OPERATION } },
  },
  '/swagger.json': {
    swagger: '2.0',
    host: HOST,
    schemes: ['https'],
    paths: {
      '/pets/{petId}': {
        get: {
          ...OPERATION,
          parameters: [{ name: 'petId', in: 'path', required: true, type: 'integer' }],
        },
      },
    },
  },
  '/schema.json': { type: 'object', required: ['a'] },
  '/.well-known/openid-configuration': {
    issuer: `https://${HOST}`,
    token_endpoint: `https://${HOST}/oauth2/token`,
  },
  '/oauth2/token': { access_token: 'issued', token_type: 'Bearer', expires_in: 300 },
};

/**
 * `/echo` answers with the method, the URL, the credentials and the body of the request; `/status/418` with a
 * status; `/digest` with a challenge until credentials come; `/mcp` is a server of the Model Context Protocol.
 * @throws {Error} for any other URL
 */
export async function outside(request: HttpRequest): Promise<HttpResponse> {
  const { host, pathname } = new URL(request.url);
  if (host !== HOST) throw new Error(`no definition of the table calls ${host}`);
  const document = Object.hasOwn(DOCUMENTS, pathname) ? DOCUMENTS[pathname] : undefined;
  if (document !== undefined) return answer(request, 200, document);
  const status = /^\/status\/(\d+)$/.exec(pathname)?.[1];
  if (status !== undefined) return answer(request, Number(status), null);
  const authorization = member(request.headers, 'authorization') ?? null;
  switch (pathname) {
    case '/digest':
      if (authorization === null) {
        const challenge = { 'www-authenticate': 'Digest realm="test", nonce="abc", qop="auth"' };
        return answer(request, 401, null, challenge);
      }
      return answer(
        request,
        200,
        typeof authorization === 'string' ? (authorization.split(' ')[0] ?? null) : null,
      );
    case '/secured-schema.json':
      return answer(request, authorization === 'Bearer hush' ? 200 : 401, DOCUMENTS['/schema.json'] ?? null);
    case '/service.proto':
      return { ...answer(request, 200, null), body: new TextEncoder().encode(PROTO) };
    case '/echo':
    case '/pets/7':
      return answer(request, 200, echo(request, authorization));
    case '/mcp':
      return mcp(request);
    default:
      throw new Error(`no definition of the table calls ${pathname}`);
  }
}

function answer(
  request: HttpRequest,
  status: number,
  content: Json,
  headers: Record<string, string> = {},
): HttpResponse {
  const body = new TextEncoder().encode(content === null ? '' : JSON.stringify(content));
  return { status, headers: { 'content-type': 'application/json', ...headers }, body, url: request.url };
}

function echo(request: HttpRequest, authorization: Json): Json {
  const text = typeof request.body === 'string' ? request.body : '';
  return { method: request.method, url: request.url, authorization, body: text };
}

/** Lists one tool, and answers to every call with the name it was called by. */
function mcp(request: HttpRequest): HttpResponse {
  const message = JSON.parse(typeof request.body === 'string' ? request.body : 'null') as Json;
  const id = member(message, 'id');
  if (id === undefined) return answer(request, 202, null);
  const parameters = member(message, 'params');
  const given = member(parameters, 'name');
  const name = typeof given === 'string' ? given : '';
  const results = {
    initialize: {
      protocolVersion: member(parameters, 'protocolVersion') ?? '2025-06-18',
      capabilities: { tools: {}, prompts: {}, resources: {} },
      serverInfo: { name: 'test', version: '1.0.0' },
    },
    'tools/list': { tools: [{ name: 'greet', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: `called ${name}` }] },
    'prompts/list': { prompts: [{ name: 'ask' }] },
    'prompts/get': { messages: [{ role: 'user', content: { type: 'text', text: name } }] },
    'resources/list': { resources: [{ name: 'a', uri: 'test://a' }] },
    'resources/read': { contents: [{ uri: 'test://a', text: 'content' }] },
    'resources/templates/list': { resourceTemplates: [{ name: 'b', uriTemplate: 'test://{b}' }] },
  };
  const method = member(message, 'method');
  const result = typeof method === 'string' ? member(results, method) : undefined;
  if (result === undefined) throw new Error(`no definition of the table calls ${JSON.stringify(method)}`);
  return answer(request, 200, { jsonrpc: '2.0', id, result });
}
