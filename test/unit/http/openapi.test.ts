import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { toOpenApi } from '../../../lib/http/openapi.ts';
import { orgRoute } from '../../../lib/http/route.ts';
import { closedObject, storableText } from '../../../lib/http/shapes.ts';

const route = orgRoute({
  name: 'make-thing',
  method: 'post',
  paths: ['/v1/orgs/:orgId/things/:number', '/v1/things/:number'],
  access: 'runs:write',
  summary: 'Makes a thing.',
  body: closedObject({
    name: storableText(1, 9),
    count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
  }),
  takesDefinition: true,
  bodySchemas: { 'text/csv': { type: 'string', maxLength: 9 } },
  query: { limit: 'how many' },
  headers: { Prefer: 'wait=N' },
  answers: { 201: 'made', 409: 'not now' },
  handler: async ({ c }) => c.json({}),
});

describe('the OpenAPI document', () => {
  const document = toOpenApi([route]) as { paths: Record<string, { post: Record<string, unknown> }> };

  it('lists every path of a route, under operation ids that differ', () => {
    expect(Object.keys(document.paths)).toEqual(['/v1/orgs/{orgId}/things/{number}', '/v1/things/{number}']);
    const ids = Object.values(document.paths).map(({ post }) => post['operationId']);
    expect(ids).toEqual(['make-thing', 'make-thing-v1-things-number']);
  });

  it('says what is sent: parameters, scope and body', () => {
    expect(document.paths['/v1/orgs/{orgId}/things/{number}']?.post).toMatchObject({
      summary: 'Makes a thing.',
      description: 'Scope: runs:write.',
      security: [{ apiKey: [] }],
      parameters: [
        { name: 'orgId', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
        { name: 'number', in: 'path', required: true, schema: { type: 'string' } },
        { name: 'limit', in: 'query', description: 'how many' },
        { name: 'Prefer', in: 'header', description: 'wait=N' },
      ],
      requestBody: {
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['name'],
              properties: {
                name: { type: 'string', minLength: 1, maxLength: 9 },
                count: { type: 'integer', minimum: 2 },
              },
              additionalProperties: { not: {} },
            },
          },
          'application/yaml': {},
          'text/csv': { schema: { type: 'string', maxLength: 9 } },
        },
      },
    });
  });

  it('says what is answered, errors as problem documents', () => {
    expect(document.paths['/v1/things/{number}']?.post['responses']).toEqual({
      201: { description: 'made' },
      409: { description: 'not now', content: { 'application/problem+json': expect.anything() } },
      default: { description: 'Any error.', content: { 'application/problem+json': expect.anything() } },
    });
  });
});
