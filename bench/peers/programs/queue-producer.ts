/** Adds jobs to a queue when the bench asks for them. */
import { evenly, many } from '../load.ts';
import { answer, tellReady } from './channel.ts';
import { loadQueue } from './queues/queue.ts';

const queue = await loadQueue(process.argv[2]);
const producer = await queue.openProducer(process.env['STORE_URL'] ?? '');
const add = (): Promise<unknown> => producer.add({ sentAtMs: performance.timeOrigin + performance.now() });

answer({
  create: ({ count = 0, inFlight = 1 }) => many(count, inFlight, add),
  unfinished: () => producer.unfinished(),
  sample: async ({ ratePerSecond = 1, seconds = 1 }) => {
    await evenly(ratePerSecond, seconds, add);
  },
});
tellReady();
