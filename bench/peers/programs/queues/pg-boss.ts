/** pg-boss in batches: woken by LISTEN/NOTIFY, or polling alone. */
import { Pool } from 'pg';
import { PgBoss } from 'pg-boss';
import type { Payload, Queue } from './queue.ts';

const NAME = 'bench';

async function open(url: string, notify: boolean): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: url, max: 10, useListenNotify: notify });
  boss.on('error', console.error);
  await boss.start();
  return boss;
}

/** @param notify whether a job wakes the worker; each NOTIFY then waits for the commit before it */
export const queue = (notify: boolean): Queue => ({
  openProducer: async (url) => {
    const boss = await open(url, notify);
    await boss.createQueue(NAME, { notify });
    const pool = new Pool({ connectionString: url, max: 1 });
    return {
      add: (payload) => boss.send(NAME, payload),
      unfinished: async () => {
        const { rows } = await pool.query<{ count: number }>(
          "SELECT count(*)::int AS count FROM pgboss.job WHERE name = $1 AND state < 'completed'",
          [NAME],
        );
        return rows[0]?.count ?? 0;
      },
    };
  },
  openWorker: async (url, onJob) => {
    const boss = await open(url, notify);
    const options = { batchSize: 50, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
    await boss.work<Payload>(NAME, options, async (jobs) => {
      for (const job of jobs) onJob(job.data);
    });
  },
});
