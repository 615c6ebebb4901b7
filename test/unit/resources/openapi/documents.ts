/** OpenAPI documents for tests: what each test does not care about is filled in. */
import type { Json } from '../../../../lib/jq/index.ts';
import { reduceOpenapi } from '../../../../lib/resources/openapi/reduce.ts';
import { ResourceFault } from '../../../../lib/resources/types.ts';
import type { Operation } from '../../../../lib/tasks/openapi/operation.ts';

const DOCUMENT_URL = 'https://docs.example.org/apis/pets/openapi.json';

type Members = { [name: string]: Json };

const responses = { 200: { description: 'ok' } };

/** OpenAPI 3.0 with the operation `op` at `/pets/{id}`. */
export function openapi(operation: Members, more: Members = {}, path = '/pets'): Json {
  return {
    openapi: '3.0.3',
    info: { title: 'pets', version: '1' },
    servers: [{ url: 'https://api.example.org/v1' }],
    paths: { [path]: { get: { operationId: 'op', responses, ...operation } } },
    ...more,
  };
}

/** Swagger 2.0 with the operation `op`, a POST. */
export function swagger(operation: Members, more: Members = {}, path = '/pets'): Json {
  return {
    swagger: '2.0',
    info: { title: 'pets', version: '1' },
    host: 'api.example.org',
    basePath: '/v2',
    schemes: ['http', 'https'],
    paths: { [path]: { post: { operationId: 'op', responses, ...operation } } },
    ...more,
  };
}

export const reduce = (document: Json, id = 'op', url = DOCUMENT_URL): Operation =>
  reduceOpenapi(document, url, id);

/** Why a document cannot be used. */
export function faultOf(document: Json, id = 'op'): ResourceFault {
  try {
    reduceOpenapi(document, DOCUMENT_URL, id);
  } catch (error) {
    if (error instanceof ResourceFault) return error;
    throw error;
  }
  throw new Error('the document was taken');
}
