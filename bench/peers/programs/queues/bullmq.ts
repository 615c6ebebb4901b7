/** BullMQ, of the version that Vespid has. */
import { Queue as BullQueue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Payload, Queue } from './queue.ts';

const NAME = 'bench';
const connect = (url: string): Redis => new Redis(url, { maxRetriesPerRequest: null });

export const queue: Queue = {
  openProducer: async (url) => {
    const bull = new BullQueue<Payload>(NAME, { connection: connect(url) });
    await bull.waitUntilReady();
    return {
      add: (payload) => bull.add('job', payload, { removeOnComplete: true }),
      unfinished: () => bull.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized'),
    };
  },
  openWorker: async (url, onJob) => {
    const worker = new Worker<Payload>(
      NAME,
      async (job) => {
        onJob(job.data);
      },
      { connection: connect(url), concurrency: 50 },
    );
    await worker.waitUntilReady();
  },
};
