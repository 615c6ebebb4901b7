/** A published version calls the operation that its document had then, whatever became of the document. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import { petDocument, startPetService, type PetService } from './service.ts';

let stack: WorkerStack;
let service: PetService;

beforeAll(async () => {
  [stack, service] = await Promise.all([openWorkerStack(), startPetService()]);
});
afterAll(async () => {
  await Promise.all([stack.close(), service.close()]);
});

const workflow = (documentUrl: string): string => `
document: { dsl: '1.0.3', namespace: test, name: pets, version: '1.0.0' }
do:
  - getPet:
      call: openapi
      with:
        document: { endpoint: '${documentUrl}' }
        operationId: getPet
        parameters: { id: '\${ .id }', fields: [name, status] }
`;

it('calls the pinned operation after the document has changed, and after it is gone', async () => {
  const { org } = stack;
  const worker = await stack.startWorker();
  const id = await org.publish(workflow(service.documentUrl));
  const expected = { asked: '/api/pets/42?fields=name,status' };
  const runOnce = async () => org.ended(await stack.begin(id, { id: 42 }));
  expect(await runOnce()).toMatchObject({ status: 'succeeded', output: expected });

  service.document = petDocument('/animals/{id}');
  expect(await runOnce()).toMatchObject({ status: 'succeeded', output: expected });

  // A worker that has compiled nothing yet reads what the database keeps.
  service.document = null;
  await worker.stop();
  const fresh = await stack.startWorker();
  expect(await runOnce()).toMatchObject({ status: 'succeeded', output: expected });
  await fresh.stop();
  expect(service.fetches()).toBe(1);
  expect(service.calls()).toHaveLength(3);
});

it('ends in the expression error of the language when a required parameter is null', async () => {
  const worker = await stack.startWorker();
  service.document = petDocument('/pets/{id}');
  const id = await stack.org.publish(workflow(service.documentUrl));
  const run = await stack.org.ended(await stack.begin(id, { id: null }));
  expect(run).toMatchObject({
    status: 'failed',
    error: { status: 400, instance: '/do/0/getPet', detail: expect.stringContaining('path parameter "id"') },
  });
  await worker.stop();
});
