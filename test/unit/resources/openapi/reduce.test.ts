import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../lib/jq/index.ts';
import { openapi, reduce, swagger } from './documents.ts';

describe('OpenAPI 3', () => {
  it('keeps of a document what one call needs, and nothing else', () => {
    const operation = reduce(
      openapi(
        {
          summary: 'not kept',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'tags', in: 'query', style: 'pipeDelimited', explode: false, schema: { type: 'array' } },
            { $ref: '#/components/parameters/filter' },
            { name: 'X-Trace', in: 'header', required: true, schema: { type: 'string' } },
            { name: 'session', in: 'cookie', content: { 'application/json': { schema: {} } } },
          ],
          responses: {
            200: { description: 'ok', content: { 'application/json': { schema: { type: 'object' } } } },
            404: { description: 'none', content: { 'text/plain': {} } },
          },
        },
        {
          components: {
            parameters: {
              filter: { name: 'filter', in: 'query', style: 'deepObject', explode: true, schema: {} },
            },
          },
        },
        '/pets/{id}',
      ),
    );
    expect(operation).toEqual({
      format: 1,
      id: 'op',
      method: 'GET',
      server: 'https://api.example.org/v1',
      path: '/pets/{id}',
      accept: 'application/json, */*;q=0.5',
      parameters: [
        { name: 'id', in: 'path', required: true, style: 'simple', explode: false },
        { name: 'tags', in: 'query', required: false, style: 'pipeDelimited', explode: false },
        { name: 'filter', in: 'query', required: false, style: 'deepObject', explode: true },
        { name: 'X-Trace', in: 'header', required: true, style: 'simple', explode: false },
        { name: 'session', in: 'cookie', required: false, style: 'form', explode: true, json: true },
      ],
      body: null,
    });
  });

  it('lets a parameter of the operation replace that of its path', () => {
    const document = openapi({ parameters: [{ name: 'q', in: 'query', required: true, schema: {} }] });
    const paths = (document as { paths: { '/pets': { [key: string]: Json } } }).paths;
    paths['/pets']['parameters'] = [
      { name: 'q', in: 'query', style: 'spaceDelimited', schema: {} },
      { name: 'page', in: 'query', schema: {} },
    ];
    expect(reduce(document).parameters).toMatchObject([
      { name: 'q', required: true, style: 'form' },
      { name: 'page', required: false },
    ]);
  });

  it('takes the server of the operation before that of the document, with the defaults of its variables', () => {
    const variables = { region: { default: 'eu' }, port: { default: 8443 } };
    const servers = [
      { url: 'wss://push.example.org' },
      { url: 'https://{region}.example.org:{port}/v3/', variables },
    ];
    expect(reduce(openapi({ servers })).server).toBe('https://eu.example.org:8443/v3');
  });

  it.each([
    ['/v4', 'https://docs.example.org/v4'],
    ['../v4', 'https://docs.example.org/apis/v4'],
    ['//other.example.org/', 'https://other.example.org'],
  ])('resolves the server %s against the URL of the document', (url, server) => {
    expect(reduce(openapi({}, { servers: [{ url }] })).server).toBe(server);
  });

  it('uses the origin of the document when there is no server', () => {
    expect(reduce(openapi({}, { servers: [] })).server).toBe('https://docs.example.org');
  });

  it('keeps the media types of a body, and how a form is sent', () => {
    const schema = {
      allOf: [{ $ref: '#/components/schemas/upload' }],
      properties: { note: { type: 'string' } },
    };
    const upload = {
      properties: {
        picture: { type: 'string', format: 'binary' },
        labels: { type: 'array' },
        meta: { type: 'object' },
        parent: { $ref: '#/components/schemas/upload' },
      },
    };
    const encoding = {
      labels: { style: 'pipeDelimited', explode: false },
      meta: { contentType: 'application/json' },
    };
    const document = openapi(
      { requestBody: { required: true, content: { 'multipart/form-data': { schema, encoding } } } },
      { components: { schemas: { upload } } },
    );
    expect(reduce(document).body).toEqual({
      required: true,
      names: ['body'],
      types: ['multipart/form-data'],
      fields: [
        { name: 'picture', file: true },
        { name: 'labels', style: 'pipeDelimited', explode: false },
        { name: 'meta', contentType: 'application/json' },
      ],
    });
  });

  it('does not take `body` for the whole body when that is one of its members', () => {
    const schema = { properties: { title: {}, body: {} } };
    const requestBody = { content: { 'application/json': { schema } } };
    expect(reduce(openapi({ requestBody })).body?.names).toEqual([]);
  });

  it('reads 3.1 and 3.2, also with a version that YAML made a number', () => {
    for (const version of ['3.1.0', '3.2.0', 3.1, 3]) {
      expect(reduce(openapi({}, { openapi: version })).path).toBe('/pets');
    }
  });
});

describe('Swagger 2.0', () => {
  it('takes https, host and basePath, and reads collection formats', () => {
    const parameters = [
      { name: 'a', in: 'query', type: 'array', items: { type: 'string' } },
      { name: 'b', in: 'query', type: 'array', collectionFormat: 'multi', items: { type: 'string' } },
      { name: 'c', in: 'header', type: 'array', collectionFormat: 'tsv', items: { type: 'string' } },
    ];
    expect(reduce(swagger({ parameters, produces: ['application/xml', 'application/json'] }))).toMatchObject({
      method: 'POST',
      server: 'https://api.example.org/v2',
      accept: 'application/json, */*;q=0.5',
      parameters: [
        { name: 'a', style: 'form', explode: false },
        { name: 'b', style: 'form', explode: true },
        { name: 'c', style: 'tabDelimited', explode: false },
      ],
    });
  });

  it('takes scheme and host of the document when it names none', () => {
    const { host: _, schemes: __, ...document } = swagger({}) as { [key: string]: Json };
    expect(reduce(document).server).toBe('https://docs.example.org/v2');
  });

  it('takes a body parameter by its own name, and by `body`', () => {
    const parameters = [{ name: 'pet', in: 'body', required: true, schema: { type: 'object' } }];
    expect(
      reduce(swagger({ parameters }, { consumes: ['application/json', 'application/xml'] })).body,
    ).toEqual({
      required: true,
      names: ['pet', 'body'],
      types: ['application/json', 'application/xml'],
      fields: [],
    });
  });

  it('sends a form with a file as multipart, any other as a form', () => {
    const field = { name: 'name', in: 'formData', type: 'string' };
    const file = { name: 'file', in: 'formData', type: 'file' };
    expect(reduce(swagger({ parameters: [field] })).body?.types).toEqual([
      'application/x-www-form-urlencoded',
    ]);
    expect(reduce(swagger({ parameters: [field, file] })).body).toMatchObject({
      types: ['multipart/form-data'],
      fields: [{ name: 'file', file: true }],
    });
  });
});
