/** The worker process: opens what it needs, consumes the queue, stops gracefully. */
import { Worker } from 'bullmq';
import { readConfigOrExit, type Config } from '../lib/config.ts';
import { openDatabase } from '../lib/db/client.ts';
import { openEgress } from '../lib/egress/index.ts';
import { openRedis, patientOptions, PREFIX } from '../lib/queue/connection.ts';
import { openProducer } from '../lib/queue/producer.ts';
import { runEvents } from '../lib/telemetry/events.ts';
import { openLog } from '../lib/telemetry/log.ts';
import { openMetrics, type Metrics } from '../lib/telemetry/metrics.ts';
import { VERSION } from '../lib/version.ts';
import { createAttempts } from './attempts.ts';
import { createDefinitionCache } from './definitions.ts';
import type { WorkerDeps } from './deps.ts';
import { openHealth } from './health.ts';
import { createHeartbeat } from './heartbeat.ts';
import { newIdentity } from './identity.ts';
import { createProcessor, type Intake } from './processor.ts';
import { createReconciler } from './reconciler.ts';
import { atMost, drain } from './shutdown.ts';

/** Heartbeats, the reconciler and every slot share the pool. */
const poolSize = (config: Config): number => Math.max(config.databasePoolMax, 4);

function openWorkerDeps(config: Config, metrics: Metrics): WorkerDeps {
  const log = openLog(config.logLevel, 'worker');
  const sql = openDatabase({
    url: config.databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    max: poolSize(config),
    prepare: config.databasePrepare,
    name: 'vespid-worker',
  });
  return {
    config,
    log,
    emit: runEvents(log, metrics),
    sql,
    queue: openProducer({
      url: config.redisUrl,
      queueName: config.queueName,
      timeoutMs: config.enqueueTimeoutMs,
      name: 'vespid-worker',
    }),
    egress: openEgress({
      allow: config.egressAllow,
      maxResponseBytes: config.maxResponseBytes,
      userAgent: `vespid/${VERSION}`,
    }),
    identity: newIdentity(config.concurrency),
    definitions: createDefinitionCache(sql, config),
    version: VERSION,
    attempts: createAttempts(),
  };
}

function openConsumer(deps: WorkerDeps, intake: Intake): Worker {
  const { config, log } = deps;
  const connection = openRedis(config.redisUrl, patientOptions('vespid-worker'), (error) =>
    log.debug({ err: error }),
  );
  const consumer = new Worker(config.queueName, createProcessor(deps, intake), {
    connection,
    prefix: PREFIX,
    concurrency: config.concurrency,
    autorun: false,
    // The lock is only a hint (the row's lease decides): a stalled job is looked at again, never failed.
    lockDuration: config.leaseMs,
    stalledInterval: config.leaseMs,
    maxStalledCount: 1_000_000,
    skipVersionCheck: true,
    metrics: { maxDataPoints: 0 },
  });
  consumer.on('error', (error) => log.debug({ err: error }, 'the queue'));
  consumer.on('failed', (job, error) => log.error({ err: error, jobId: job?.id }, 'a job failed'));
  return consumer;
}

async function main(): Promise<void> {
  const config = readConfigOrExit();
  const metrics = openMetrics();
  const deps = openWorkerDeps(config, metrics);
  const { log } = deps;
  let stopping = false;
  let beating = false;
  const giveUp = new AbortController();
  const heartbeat = createHeartbeat(deps);
  const reconciler = createReconciler(deps);
  const consumer = openConsumer(deps, { stopping: () => stopping, giveUp: giveUp.signal });
  const ready = (): boolean => beating && !stopping;
  const health = await openHealth({ port: config.port, host: config.host, metrics, ready });

  async function shutdown(signal: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    log.info({ event: 'worker_stopping', signal, held: deps.attempts.all().length });
    heartbeat.markStopping();
    const drained = await drain({
      consumer,
      attempts: deps.attempts,
      graceMs: config.shutdownGraceMs,
      giveUp,
    });
    await atMost(Promise.all([heartbeat.stop(), reconciler.stop()]), 500);
    health.close();
    await atMost(Promise.all([deps.queue.close(), deps.egress.close(), deps.sql.end({ timeout: 1 })]), 500);
    log.info({ event: 'worker_stopped', drained });
    process.exit(0);
  }
  process.on('SIGTERM', () => void shutdown('SIGTERM'));
  process.on('SIGINT', () => void shutdown('SIGINT'));

  // No run is claimed before the first heartbeat: a claim of an unknown worker could be taken over at once.
  for (;;) {
    beating = await heartbeat.tick();
    if (beating || stopping) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  heartbeat.start();
  reconciler.start();
  consumer.run().catch((error: unknown) => log.error({ err: error }, 'the consumer ended'));
  log.info({
    event: 'worker_ready',
    workerId: deps.identity.id,
    port: health.port,
    concurrency: config.concurrency,
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
