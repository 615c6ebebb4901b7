/** Every workflow in examples/ can be published as it is, runs, and gives what its head says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEchoService, type EchoService } from '../../scripts/stack/echo-service.ts';
import { openWorkerStack, type WorkerStack } from '../support/worker-stack.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples');

const EXPECTED: Record<string, Record<string, unknown>> = {
  'approval.yaml': { status: 'succeeded', output: { approved: true, by: 'Ada' } },
  'call-with-retry.yaml': { status: 'succeeded', output: { answer: { try: 3 } } },
  'checkout.yaml': {
    status: 'succeeded',
    output: {
      receipts: ['Ada pays 12, shipped standard', 'Bob pays 60, shipped express'],
    },
  },
  'failing.yaml': { status: 'failed', error: { status: 409, detail: 'only 0 left' } },
  'hello.yaml': { status: 'succeeded', output: { message: 'Hello, world!' } },
  'order.yaml': { status: 'succeeded', output: { customer: 'Ada', total: 42, shipping: 'express' } },
  'race.yaml': { status: 'succeeded', output: { winner: { message: 'Hello, world!' } } },
};

let stack: WorkerStack;
let echo: EchoService;
const workflows = new Map<string, string>();

beforeAll(async () => {
  echo = await startEchoService(0);
  stack = await openWorkerStack();
  await stack.startWorker();
  for (const name of readdirSync(FOLDER)) {
    workflows.set(name, await stack.org.publish(readFileSync(join(FOLDER, name), 'utf8')));
  }
});
afterAll(async () => {
  await stack.close();
  await echo.stop();
});

/** What people do while the run waits. */
const MEANWHILE: Record<string, (run: string) => Promise<void>> = {
  'approval.yaml': async (run) => {
    await stack.org.reached(run, 'waiting');
    const decide = (id: string, subject: string, data: object) =>
      stack.org.call(
        'POST',
        `/v1/orgs/${stack.org.orgId}/events`,
        { specversion: '1.0', id, source: '/desk', type: 'approval.decided', subject, data },
        { 'content-type': 'application/cloudevents+json' },
      );
    const other = '01890000-0000-7000-8000-000000000001';
    expect((await decide('1', other, { approved: false, by: 'Bob' })).status).toBe(202);
    expect((await decide('2', run, { approved: true, by: 'Ada' })).status).toBe(202);
  },
};

it.each(Object.entries(EXPECTED))('examples/%s', async (name, expected) => {
  const run = await stack.begin(workflows.get(name) ?? '', { serviceUrl: echo.url });
  await MEANWHILE[name]?.(run);
  expect(await stack.org.ended(run)).toMatchObject(expected);
});

it('are all expected here', () => {
  expect([...workflows.keys()].sort()).toEqual(Object.keys(EXPECTED));
});
