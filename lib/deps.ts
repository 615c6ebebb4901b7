/** What handlers are given: opened once a process, closed in reverse order. */
import { InputSchemas } from './accept/input-schemas.ts';
import { INSERT_CONNECTIONS, openInserter, type Inserter } from './accept/inserter.ts';
import type { Config } from './config.ts';
import { openDatabase, type Sql } from './db/client.ts';
import { bounded } from './db/failure.ts';
import { openKeyCache, type KeyCache } from './http/keys.ts';
import { openOverload, type Overload } from './http/overload.ts';
import { openLimits, type Limits } from './limits/limits.ts';
import { openRunWatcher, type RunWatcher } from './live/watcher.ts';
import { openProducer, type Producer } from './queue/producer.ts';
import { createKeyring, type Keyring } from './secrets/seal.ts';
import { runEvents, type EmitRunEvent } from './telemetry/events.ts';
import { openLog, type Logger } from './telemetry/log.ts';
import { openMetrics, type Metrics } from './telemetry/metrics.ts';

export interface Deps {
  config: Config;
  log: Logger;
  metrics: Metrics;
  /** Logs and counts a structured event. */
  emit: EmitRunEvent;
  sql: Sql;
  /** API keys, cached for a few seconds. */
  keys: KeyCache;
  /** Seals secrets; null when the deployment has no key for them. */
  keyring: Keyring | null;
  queue: Producer;
  /** Refuses what is beyond what the process can serve in time. */
  overload: Overload;
  /** What orgs may use. */
  limits: Limits;
  /** Inserts runs, those of different requests together. */
  inserter: Inserter;
  /** Input schemas of versions, compiled. */
  inputSchemas: InputSchemas;
  /** Tells when a run's row has changed. */
  live: RunWatcher;
}

export interface OpenDeps {
  deps: Deps;
  /** Makes the connections that the first request needs; whether that succeeds is for it to find out. */
  connect(): void;
  close(): Promise<void>;
}

/** Opens everything an API process needs. Nothing here waits: the API starts while Redis or Postgres is down. */
export function openDeps(config: Config): OpenDeps {
  const log = openLog(config.logLevel, 'api');
  const metrics = openMetrics();
  const closers: (() => Promise<void>)[] = [];
  const connect = (max: number, name: string, plansOnce: boolean): Sql => {
    const { databaseUrl: url, databaseTimeoutMs: timeoutMs, databasePrepare: prepare } = config;
    const pool = openDatabase({ url, timeoutMs, max, prepare, plansOnce, name });
    closers.push(() => pool.end({ timeout: 1 }));
    return pool;
  };
  const sql = connect(Math.max(1, config.databasePoolMax - INSERT_CONNECTIONS), 'vespid-api', false);
  const inserts = connect(INSERT_CONNECTIONS, 'vespid-api-inserts', true);
  const queue = openProducer({
    url: config.redisUrl,
    queueName: config.queueName,
    timeoutMs: config.enqueueTimeoutMs,
    name: 'vespid-api',
  });
  closers.push(() => queue.close());
  const live = openRunWatcher({
    sql,
    redisUrl: config.redisUrl,
    queueName: config.queueName,
    databaseTimeoutMs: config.databaseTimeoutMs,
    log,
  });
  closers.push(() => live.close());
  const deps: Deps = {
    config,
    log,
    metrics,
    emit: runEvents(log, metrics),
    sql,
    keys: openKeyCache({ sql, config }),
    keyring: createKeyring(config.secretsKeys),
    queue,
    overload: openOverload({ log, metrics }),
    limits: openLimits({ sql, config, queue, queueName: config.queueName }),
    inserter: openInserter({ sql, shared: inserts, config }),
    inputSchemas: new InputSchemas(),
    live,
  };
  return {
    deps,
    connect() {
      for (const pool of [sql, inserts]) bounded(pool`SELECT 1`, config.databaseTimeoutMs).catch(() => {});
    },
    async close() {
      for (const close of closers.toReversed())
        await close().catch((error: unknown) => log.warn({ err: error }));
    },
  };
}
