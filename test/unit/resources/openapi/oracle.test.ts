/** An OpenAPI parser that others wrote says the same of documents that are valid. */
import { dereference, validate } from '@readme/openapi-parser';
import { describe, expect, it } from 'vitest';
import { isJsonObject, member } from '../../../../lib/engine/json.ts';
import type { Json } from '../../../../lib/jq/index.ts';
import { openapi, reduce, swagger } from './documents.ts';

const id = { name: 'id', in: 'path', required: true };
const inComponents = {
  components: {
    parameters: {
      id: { ...id, schema: { type: 'string' } },
      same: { $ref: '#/components/parameters/page' },
      page: { name: 'page', in: 'query', schema: {} },
    },
    requestBodies: {
      pet: {
        required: true,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/pet' } } },
      },
    },
    schemas: {
      pet: {
        type: 'object',
        properties: { name: { type: 'string' }, mother: { $ref: '#/components/schemas/pet' } },
      },
    },
  },
};
const referring = {
  parameters: [{ $ref: '#/components/parameters/id' }, { $ref: '#/components/parameters/same' }],
  requestBody: { $ref: '#/components/requestBodies/pet' },
};
const inDefinitions = {
  parameters: { id: { ...id, type: 'string' } },
  definitions: { pet: { type: 'object', properties: { name: { type: 'string' } } } },
};
const DOCUMENTS: [string, Json][] = [
  ['3.0', openapi(referring, inComponents, '/pets/{id}')],
  ['3.1', openapi(referring, { ...inComponents, openapi: '3.1.0' }, '/pets/{id}')],
  [
    '2.0',
    swagger(
      {
        parameters: [
          { $ref: '#/parameters/id' },
          { name: 'pet', in: 'body', schema: { $ref: '#/definitions/pet' } },
        ],
      },
      inDefinitions,
      '/pets/{id}',
    ),
  ],
];

/** The operation `op` with every reference replaced. */
async function operationOf(document: Json): Promise<Json> {
  // The parser types its argument by version; that it takes this one is what is tested.
  const whole = (await dereference(structuredClone(document) as never, {
    dereference: { circular: 'ignore' },
    resolve: { external: false },
  })) as unknown as Json;
  const [item] = Object.values(member(whole, 'paths') as { [path: string]: Json });
  return member(item, 'get') ?? member(item, 'post') ?? null;
}

describe.each(DOCUMENTS)('a document of version %s', (_, document) => {
  it('is valid, and has the parameters and the body that were kept', async () => {
    const options = { resolve: { external: false } };
    expect(await validate(structuredClone(document) as never, options)).toMatchObject({ valid: true });
    const operation = await operationOf(document);
    const parameters = member(operation, 'parameters');
    const places = (Array.isArray(parameters) ? parameters : []).map((parameter) => ({
      name: member(parameter, 'name'),
      in: member(parameter, 'in'),
    }));
    const kept = reduce(document);
    expect(kept.parameters.map(({ name, in: place }) => ({ name, in: place }))).toEqual(
      places.filter((parameter) => parameter.in !== 'body'),
    );
    const takesBody =
      isJsonObject(member(operation, 'requestBody')) || places.some(({ in: place }) => place === 'body');
    expect(kept.body !== null).toBe(takesBody);
  });
});
