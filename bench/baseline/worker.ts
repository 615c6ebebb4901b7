/** The usual design's worker: SELECT, UPDATE, three steps in memory, UPDATE. Frozen like the API. */
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { log, QUEUE_NAME, settings, sql, type RunJob } from './settings.ts';

interface RunRow {
  id: string;
  org_id: string;
  workflow_id: string;
  status: string;
  input: unknown;
}

type Data = Record<string, unknown>;

const STEPS: ((data: Data) => Data)[] = [
  (data) => ({ ...data, x: 1 }),
  (data) => ({ ...data, x: Number(data['x']) + 1 }),
  (data) => ({ ...data, x: Number(data['x']) + 1 }),
];

async function execute(job: Job<RunJob>): Promise<void> {
  const { runId } = job.data;
  const [run] = await sql<RunRow[]>`
    SELECT id, org_id, workflow_id, status, input FROM runs WHERE id = ${runId}`;
  if (run === undefined || run.status === 'succeeded') return;
  await sql`UPDATE runs SET status = 'running', started_at = now() WHERE id = ${runId}`;
  const ids = { runId, orgId: run.org_id, workflowId: run.workflow_id };
  log.info(ids, 'run started');

  let data: Data = typeof run.input === 'object' && run.input !== null ? { ...run.input } : {};
  for (const step of STEPS) data = step(data);

  await sql`
    UPDATE runs SET status = 'succeeded', output = ${sql.json(data as never)}, finished_at = now()
    WHERE id = ${runId}`;
  log.info(ids, 'run succeeded');
}

const worker = new Worker<RunJob>(QUEUE_NAME, execute, {
  connection: new Redis(settings.redisUrl, { maxRetriesPerRequest: null }),
  concurrency: settings.concurrency,
});
worker.on('error', (error) => {
  log.error({ err: error }, 'worker error');
});
worker.on('failed', (job, error) => {
  log.error({ err: error, runId: job?.data.runId }, 'run failed');
  if (job === undefined || job.attemptsMade < (job.opts.attempts ?? 1)) return;
  void sql`UPDATE runs SET status = 'failed', error = ${error.message}, finished_at = now() WHERE id = ${job.data.runId}`;
});
void worker.waitUntilReady().then(() => {
  log.info('worker ready');
});

async function stop(): Promise<void> {
  await worker.close();
  await sql.end({ timeout: 1 });
  process.exit(0);
}
process.on('SIGTERM', () => void stop());
