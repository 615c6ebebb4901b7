/** A service that publishes an OpenAPI document of itself, and can change. */
import type { ServerResponse } from 'node:http';
import { startServer, type LocalServer } from '../../unit/egress/local-server.ts';

export interface PetService extends LocalServer {
  documentUrl: string;
  /** What `/pets.json` answers; null: it is not there. */
  document: string | null;
  /** Requests other than for the document. */
  calls(): string[];
  /** How often the document was fetched. */
  fetches(): number;
}

/** A document with one operation, `getPet`, at this path. */
export const petDocument = (path: string): string =>
  JSON.stringify({
    openapi: '3.0.3',
    info: { title: 'pets', version: '1' },
    servers: [{ url: '/api' }],
    paths: {
      [path]: {
        get: {
          operationId: 'getPet',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
            { name: 'fields', in: 'query', explode: false, schema: { type: 'array' } },
          ],
          responses: { 200: { description: 'ok' } },
        },
      },
    },
  });

const isDocument = (url: string): boolean => url.startsWith('/pets.json');

export async function startPetService(): Promise<PetService> {
  const state: { document: string | null } = { document: petDocument('/pets/{id}') };
  const answer = (response: ServerResponse, body: string | null): void => {
    response.setHeader('content-type', 'application/json');
    response.writeHead(body === null ? 404 : 200).end(body ?? 'a page that says SECRET');
  };
  const server = await startServer((request, response) => {
    const url = request.url ?? '';
    answer(response, isDocument(url) ? state.document : JSON.stringify({ asked: url }));
  });
  return {
    ...server,
    documentUrl: `${server.origin}/pets.json`,
    get document() {
      return state.document;
    },
    set document(text) {
      state.document = text;
    },
    calls: () => server.seen.map(({ url }) => url).filter((url) => !isDocument(url)),
    fetches: () => server.seen.filter(({ url }) => isDocument(url)).length,
  };
}
