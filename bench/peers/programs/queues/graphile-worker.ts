/** graphile-worker, with the batching of its page on performance. */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { Pool } from 'pg';
import type { Payload, Queue } from './queue.ts';

const TASK = 'bench';
const logger = new Logger(() => () => {});

export const queue: Queue = {
  openProducer: async (url) => {
    const pgPool = new Pool({ connectionString: url, max: 10 });
    const utils = await makeWorkerUtils({ pgPool, logger });
    await utils.migrate();
    return {
      add: (payload) => utils.addJob(TASK, payload),
      unfinished: async () => {
        const { rows } = await pgPool.query<{ count: number }>(
          'SELECT count(*)::int AS count FROM graphile_worker._private_jobs',
        );
        return rows[0]?.count ?? 0;
      },
    };
  },
  openWorker: async (url, onJob) => {
    await run({
      preset: {
        worker: {
          connectionString: url,
          maxPoolSize: 10,
          concurrentJobs: 50,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger,
        },
      },
      taskList: {
        // The producer is ours.
        [TASK]: (payload) => {
          onJob(payload as Payload);
        },
      },
    });
  },
};
