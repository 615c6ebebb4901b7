import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { jsonAnswer } from '../../../lib/http/answer.ts';
import { openServer } from '../../../lib/http/serve.ts';
import { openTestApp, publicRoute } from './app-under-test.ts';

const route = publicRoute(async (context) =>
  jsonAnswer(context, { umlaut: 'ä' }, 201, { location: '/somewhere' }),
);

describe('an answer that carries everything', () => {
  it('has what all answers have, and nothing twice', async () => {
    const stopping = new AbortController();
    const { get } = openTestApp([route], { stopping: stopping.signal });
    const answer = await get('/probe', { 'x-request-id': 'mine' });
    expect(answer.status).toBe(201);
    expect([...answer.headers]).toEqual([
      ['content-type', 'application/json'],
      ['location', '/somewhere'],
      ['x-request-id', 'mine'],
    ]);
    stopping.abort();
    expect((await get('/probe')).headers.get('connection')).toBe('close');
  });

  it('reaches the client in one piece, with its length in bytes', async () => {
    const server = await openServer(openTestApp([route]).app, { host: '127.0.0.1', port: 0 });
    const socket = connect({ host: '127.0.0.1', port: server.port });
    const chunks: string[] = [];
    try {
      socket.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
      socket.write('GET /probe HTTP/1.1\r\nhost: x\r\nx-request-id: mine\r\nconnection: close\r\n\r\n');
      await new Promise((resolve) => socket.once('close', resolve));
    } finally {
      socket.destroy();
      await server.stop(0);
    }
    expect(chunks).toHaveLength(1);
    const [head = '', body] = (chunks[0] ?? '').split('\r\n\r\n');
    expect(body).toBe('{"umlaut":"ä"}');
    expect(head.toLowerCase().split('\r\n')).toContain('content-length: 15');
    expect(head.toLowerCase()).not.toContain('transfer-encoding');
  });
});
