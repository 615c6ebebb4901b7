/** `call: grpc` and `call: mcp` from publication to a result, by a real API and a real worker. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import { failWith, serveGrpc } from '../../unit/egress/grpc-server.ts';
import { type LocalServer, startServer } from '../../unit/egress/local-server.ts';

const PROTO = `
  syntax = "proto3";
  package test;
  service Echo { rpc Call (Text) returns (stream Text); }
  message Text { string text = 1; }
`;

let stack: WorkerStack;
let service: LocalServer;

beforeAll(async () => {
  service = await startServer((request, response) => {
    if (request.url === '/echo.proto') {
      response.end(PROTO);
      return;
    }
    const message = JSON.parse(service.seen.at(-1)?.body || '{}');
    if (message.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const result =
      message.method === 'initialize'
        ? { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'test', version: '1' } }
        : { content: [{ type: 'text', text: `sunny in ${message.params.arguments.city}` }] };
    response.setHeader('content-type', 'text/event-stream').setHeader('mcp-session-id', 'session-1');
    response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`);
  });
  stack = await openWorkerStack();
  await stack.startWorker();
});
afterAll(async () => {
  await stack.close();
  await service.close();
});

const header = (name: string): string =>
  `document: { dsl: 1.0.3, namespace: test, name: ${name}, version: 1.0.0 }`;

const grpcWorkflow = (name: string, port: number, method = 'Call'): string => `
${header(name)}
do:
  - call:
      call: grpc
      with:
        proto: { endpoint: '${service.origin}/echo.proto' }
        service: { name: test.Echo, host: 127.0.0.1, port: ${port} }
        method: ${method}
        arguments: { text: '\${ .word }' }
`;

describe('call: grpc', () => {
  it('speaks the method of the .proto that was kept at publication', async () => {
    const server = await serveGrpc((stream, messages) => {
      for (const message of [...messages, ...messages]) stream.write(message);
      stream.end();
    });
    const workflow = await stack.org.publish(grpcWorkflow('grpc', server.port));
    const fetched = service.seen.filter(({ url }) => url === '/echo.proto').length;
    const run = await stack.begin(workflow, { word: 'hello' });
    expect(await stack.org.ended(run)).toMatchObject({
      status: 'succeeded',
      output: [{ text: 'hello' }, { text: 'hello' }],
    });
    expect(server.seen[0]?.metadata.get('vespid-idempotency-key')).toEqual([`${run}/do/0/call`]);
    expect(service.seen.filter(({ url }) => url === '/echo.proto')).toHaveLength(fetched);
  });

  it('ends with the status of the service', async () => {
    const server = await serveGrpc((stream) => failWith(stream, status.NOT_FOUND, 'no such word'));
    const workflow = await stack.org.publish(grpcWorkflow('grpc-fails', server.port));
    expect(await stack.org.ended(await stack.begin(workflow, { word: 'x' }))).toMatchObject({
      status: 'failed',
      error: {
        status: 404,
        title: `test.Echo/Call 127.0.0.1:${server.port} answered NOT_FOUND`,
        instance: '/do/0/call',
      },
    });
  });
});

describe('call: mcp', () => {
  it('asks a server that answers in events, and ends the session', async () => {
    const workflow = await stack.org.publish(`
${header('mcp')}
do:
  - call:
      call: mcp
      with:
        method: tools/call
        parameters: { name: weather, arguments: { city: '\${ .city }' } }
        transport: { http: { endpoint: '${service.origin}/mcp' } }
      output: { as: '\${ .content[0].text }' }
`);
    const run = await stack.begin(workflow, { city: 'Zagreb' });
    expect(await stack.org.ended(run)).toMatchObject({ status: 'succeeded', output: 'sunny in Zagreb' });
    const asked = service.seen.filter(({ url }) => url === '/mcp');
    expect(asked.map(({ method, headers }) => [method, headers['mcp-session-id']])).toEqual([
      ['POST', undefined],
      ['POST', 'session-1'],
      ['POST', 'session-1'],
      ['DELETE', 'session-1'],
    ]);
  });
});
