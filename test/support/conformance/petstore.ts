/**
 * The Swagger 2.0 document of the pet store. The file beside the conformance kit was shortened, and lacks the one
 * operation that a scenario and two examples call; the service's own document has it like this.
 */
import { readText } from './directory.ts';

const FIND_BY_STATUS = {
  get: {
    operationId: 'findPetsByStatus',
    produces: ['application/json', 'application/xml'],
    parameters: [
      {
        name: 'status',
        in: 'query',
        required: true,
        type: 'array',
        items: { type: 'string', enum: ['available', 'pending', 'sold'], default: 'available' },
        collectionFormat: 'multi',
      },
    ],
    responses: { 200: { description: 'successful operation' } },
  },
};

/** @param file of the conformance kit */
export function withFindByStatus(file: string): string {
  const document = JSON.parse(readText(`ctk/${file}`)) as { paths: Record<string, unknown> };
  return JSON.stringify({
    ...document,
    paths: { '/pet/findByStatus': FIND_BY_STATUS, ...document.paths },
  });
}
