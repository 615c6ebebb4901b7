import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEchoService, type EchoService } from '../../../scripts/stack/echo-service.ts';

let service: EchoService;
beforeAll(async () => {
  service = await startEchoService(0);
});
afterAll(() => service.stop());

const get = (path: string): Promise<Response> => fetch(`${service.url}${path}`);

test('/flaky fails twice for each key and then works, so that a retry is seen', async () => {
  const statuses: number[] = [];
  for (const key of ['a', 'a', 'b', 'a']) statuses.push((await get(`/flaky?key=${key}`)).status);
  expect(statuses).toEqual([503, 503, 503, 200]);
});

test('/orders answers with the order and a new id, and refuses what is not JSON', async () => {
  const post = (body: string): Promise<Response> => fetch(`${service.url}/orders`, { method: 'POST', body });
  const order = await post('{"item":"tea"}');
  expect(order.status).toBe(201);
  expect(await order.json()).toEqual({ id: expect.any(String) as string, order: { item: 'tea' } });
  expect((await post('{')).status).toBe(400);
});

test('a second service takes another port when its own is taken', async () => {
  const second = await startEchoService(service.port);
  expect(second.port).not.toBe(service.port);
  await second.stop();
});

test('an unknown route is 404', async () => {
  expect((await get('/other')).status).toBe(404);
});
