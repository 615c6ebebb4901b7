/** Takes jobs from a queue, and tells how long each of them waited. */
import { answer, tellReady } from './channel.ts';
import { loadQueue } from './queues/queue.ts';

let latencies: number[] = [];
const queue = await loadQueue(process.argv[2]);
await queue.openWorker(process.env['STORE_URL'] ?? '', ({ sentAtMs }) => {
  latencies.push(performance.timeOrigin + performance.now() - sentAtMs);
});

answer({
  takeLatencies: async () => {
    const taken = latencies;
    latencies = [];
    return taken;
  },
});
tellReady();
