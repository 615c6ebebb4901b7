/** The worker process: opens what it needs, consumes the queue, stops gracefully. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfigOrExit, type Config } from '../lib/config.ts';
import { openDatabase } from '../lib/db/client.ts';
import { openEgress } from '../lib/egress/index.ts';
import { blockingOptions, keys, openRedis, patientOptions } from '../lib/queue/connection.ts';
import { openHints } from '../lib/queue/hints.ts';
import { openProducer } from '../lib/queue/producer.ts';
import { openJobTaker } from '../lib/queue/take.ts';
import { keepHeapSmall } from '../lib/heap.ts';
import { createKeyring } from '../lib/secrets/seal.ts';
import { runEvents } from '../lib/telemetry/events.ts';
import { openLog } from '../lib/telemetry/log.ts';
import { openMetrics, type Metrics } from '../lib/telemetry/metrics.ts';
import { VERSION } from '../lib/version.ts';
import { createAttempts } from './attempts.ts';
import { createDuties } from './duties/index.ts';
import { DISPATCH_EVENTS } from './duties/dispatch-events.ts';
import { startDuty, type DutyLoop } from './duties/duty.ts';
import { listenForEventHints } from './event-hints.ts';
import { CLAIM_CONNECTIONS, createClaims } from './claims.ts';
import { createDefinitionCache } from './definitions.ts';
import { Consumer } from './consumer.ts';
import type { WorkerDeps } from './deps.ts';
import { openHealth } from './health.ts';
import { Heartbeat } from './heartbeat.ts';
import { newIdentity } from './identity.ts';
import { createProcessor, type Intake } from './processor.ts';
import { createOrgSlots } from './org-slots.ts';
import { createReconciler, type Reconciler } from './reconciler.ts';
import { atMost, drain } from './shutdown.ts';
import { createSlots } from './slots.ts';
import { createTokens } from './tokens.ts';
import { createTurns } from './turns.ts';
import { createWrites, WRITE_CONNECTIONS } from './writes.ts';

/** One for the heartbeat and one for the reconciler. */
const PULSE_CONNECTIONS = 2;

/** @param format the newest format that every live worker reads */
function openWorkerDeps(config: Config, metrics: Metrics, format: () => number): WorkerDeps {
  const log = openLog(config.logLevel, 'worker');
  const connect = (max: number, name: string, plansOnce = false) =>
    openDatabase({
      url: config.databaseUrl,
      timeoutMs: config.databaseTimeoutMs,
      max,
      prepare: config.databasePrepare,
      plansOnce,
      name,
    });
  const hot = CLAIM_CONNECTIONS + WRITE_CONNECTIONS;
  const identity = newIdentity(config.concurrency, config.maxFormat);
  const sql = connect(Math.max(1, config.databasePoolMax - hot), 'vespid-worker');
  const queue = openProducer({
    url: config.redisUrl,
    queueName: config.queueName,
    timeoutMs: config.enqueueTimeoutMs,
    name: 'vespid-worker',
  });
  return {
    config,
    log,
    emit: runEvents(log, metrics),
    sql,
    pulse: connect(PULSE_CONNECTIONS, 'vespid-worker-pulse'),
    queue,
    hint: openHints(queue.redis, config.queueName),
    egress: openEgress({
      allow: config.egressAllow,
      maxResponseBytes: config.maxResponseBytes,
      userAgent: `vespid/${VERSION}`,
    }),
    keyring: createKeyring(config.secretsKeys),
    tokens: createTokens(),
    identity,
    definitions: createDefinitionCache(sql, config),
    version: VERSION,
    format,
    turn: createTurns(),
    slots: createSlots(config.concurrency),
    claims: createClaims(connect(CLAIM_CONNECTIONS, 'vespid-worker-claims', true), config, identity),
    writes: createWrites(connect(WRITE_CONNECTIONS, 'vespid-worker-writes', true), config.databaseTimeoutMs),
    orgSlots: createOrgSlots({ config, sql, queue }),
    attempts: createAttempts(),
  };
}

function openConsumer(deps: WorkerDeps, intake: Intake): Consumer {
  const { config, log, orgSlots } = deps;
  const onError = (error: unknown): void => log.debug({ err: error }, 'the queue');
  const options = patientOptions('vespid-worker');
  return new Consumer({
    taker: openJobTaker(openRedis(config.redisUrl, options, onError), config.queueName),
    blocking: openRedis(config.redisUrl, blockingOptions('vespid-worker-wait'), onError),
    marker: keys(config.queueName).marker,
    concurrency: config.concurrency,
    leaseMs: config.leaseMs,
    process: createProcessor(deps, intake),
    knownLimits: () => orgSlots.known(),
    onError,
    onFailed: (job, error) => log.error({ err: error, jobId: job.id }, 'a job failed'),
  });
}

/** Everything a running worker consists of. */
interface Running {
  deps: WorkerDeps;
  consumer: Consumer;
  heartbeat: Heartbeat;
  reconciler: Reconciler;
  /** Empty until the worker is ready. */
  duties: DutyLoop[];
  giveUp: AbortController;
}

/** Ends within the grace: the last tenth is for closing connections. */
async function stopWorker({ deps, consumer, heartbeat, reconciler, duties, giveUp }: Running): Promise<void> {
  const { config, log, attempts } = deps;
  const closeMs = config.shutdownGraceMs * 0.04;
  log.info({ event: 'worker_stopping', held: attempts.all().length });
  heartbeat.markStopping();
  const drained = await drain({ consumer, attempts, graceMs: config.shutdownGraceMs, giveUp });
  const sides = [heartbeat.stop(), reconciler.stop(), ...duties.map((duty) => duty.stop())];
  await atMost(Promise.all(sides), closeMs);
  const pools = [deps.sql, deps.pulse].map((pool) => pool.end({ timeout: 1 }));
  await atMost(
    Promise.all(
      [deps.queue, deps.claims, deps.writes, deps.egress].map((part) => part.close()).concat(pools),
    ),
    closeMs,
  );
  log.info({ event: 'worker_stopped', drained });
  process.exit(0);
}

/** No run is claimed before the first heartbeat: a claim of an unknown worker could be taken over at once. */
async function untilAlive(heartbeat: Heartbeat): Promise<void> {
  while (!(await heartbeat.tick())) await sleep(500);
}

async function main(): Promise<void> {
  const config = readConfigOrExit();
  keepHeapSmall();
  const metrics = openMetrics();
  const deps = openWorkerDeps(config, metrics, () => heartbeat.format());
  let stopping = false;
  const giveUp = new AbortController();
  // Every write that is being repeated listens to it.
  setMaxListeners(0, giveUp.signal);
  const heartbeat = new Heartbeat(deps);
  const reconciler = createReconciler(deps, heartbeat);
  const consumer = openConsumer(deps, {
    stopping: () => stopping,
    giveUp: giveUp.signal,
    confirmed: (signal) => heartbeat.confirmed(signal),
  });
  const duties: DutyLoop[] = [];
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void stopWorker({ deps, consumer, heartbeat, reconciler, duties, giveUp });
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);

  const state = () => ({ takesRuns: heartbeat.healthy() && !stopping, database: heartbeat.healthy() });
  const health = await openHealth({ port: config.port, host: config.host, metrics, state });

  await untilAlive(heartbeat);
  if (stopping) return;
  heartbeat.start();
  reconciler.start();
  duties.push(...createDuties(deps).map((duty) => startDuty(duty, () => reconciler.leads(), deps.log)));
  const dispatching = duties.find(({ name }) => name === DISPATCH_EVENTS);
  // Ends with the process: a subscription has nothing to finish.
  listenForEventHints(deps, () => dispatching?.wake());
  consumer.run();
  const { port } = health;
  deps.log.info({ event: 'worker_ready', workerId: deps.identity.id, port, concurrency: config.concurrency });
}

main().catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
