/** n8n in queue mode: a main process that takes the webhooks, a worker, Postgres and Redis. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../scripts/stack/ports.ts';
import type { Service } from '../../../scripts/stack/service.ts';
import { ensureInstalled } from '../install.ts';
import { overHttp } from '../load.ts';
import type { Stage } from '../stage.ts';
import type { RunningSystem, System } from '../system.ts';

const PROGRAM = join(import.meta.dirname, '..', 'n8n', 'node_modules', 'n8n', 'bin', 'n8n');
const WORKFLOW_ID = 'threestepsbench1';
const PATH = 'three';
const READY_TIMEOUT_MS = 180_000;
const POLL_MS = 200;

const SETUP = 'queue mode: main and a worker of 50, pool 10 each (default 2); webhook that answers at once';
const LATENCY_END = 'stoppedAt of the execution';

export const n8n: System = {
  name: 'n8n',
  job: 'steps',
  packages: ['n8n'],
  setup: `${SETUP}; EXECUTIONS_DATA_SAVE_ON_PROGRESS, which records every step`,
  latencyEnd: LATENCY_END,
  start: (stage) => startN8n(stage, true),
};

/** As installed: what the steps gave is written at the end alone. */
export const n8nUnrecorded: System = {
  name: 'n8n-unrecorded',
  job: 'steps',
  packages: ['n8n'],
  setup: `${SETUP}; steps recorded at the end alone`,
  latencyEnd: LATENCY_END,
  start: (stage) => startN8n(stage, false),
};

async function startN8n(stage: Stage, recordsSteps: boolean): Promise<RunningSystem> {
  // Here and not before the rounds: that it cannot be installed is a result, too.
  await ensureInstalled('n8n');
  const [databaseUrl, redisUrl] = [await stage.postgres(), await stage.redis()];
  const [mainPort, brokerPort, workerPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...environment(stage, new URL(databaseUrl), new URL(redisUrl)),
    EXECUTIONS_DATA_SAVE_ON_PROGRESS: String(recordsSteps),
  };
  const file = join(stage.dataDir, 'workflow.json');
  writeFileSync(file, JSON.stringify([workflow(stage.target.url)]));
  await runToEnd(stage, 'import', ['import:workflow', `--input=${file}`], env);
  await runToEnd(stage, 'publish', ['publish:workflow', `--id=${WORKFLOW_ID}`], env);
  const ports = { N8N_PORT: String(mainPort), N8N_RUNNERS_BROKER_PORT: String(brokerPort) };
  await stage.service('n8n-main', process.execPath, [PROGRAM, 'start'], { ...env, ...ports });
  await stage.service('n8n-worker', process.execPath, [PROGRAM, 'worker', '--concurrency=50'], {
    ...env,
    N8N_RUNNERS_BROKER_PORT: String(await freePort()),
    QUEUE_HEALTH_CHECK_ACTIVE: 'true',
    QUEUE_HEALTH_CHECK_PORT: String(workerPort),
  });
  const url = `http://127.0.0.1:${mainPort}/webhook/${PATH}`;
  await untilAnswers(`http://127.0.0.1:${workerPort}/healthz/readiness`, 'GET');
  await untilAnswers(url, 'POST');
  const sql = stage.connect(databaseUrl);
  return overHttp({
    url,
    // The answer of a webhook names no execution: the latest ones are taken in order.
    idOf: () => '',
    unfinished: async () => {
      const [row] = await sql<{ count: number; failed: number }[]>`
          SELECT count(*) FILTER (WHERE status IN ('new', 'running', 'waiting'))::int AS count,
            count(*) FILTER (WHERE status IN ('error', 'crashed', 'canceled'))::int AS failed
          FROM execution_entity WHERE status <> 'success'`;
      if (row !== undefined && row.failed > 0) throw new Error(`${row.failed} executions failed`);
      return row?.count ?? 0;
    },
    endedAt: async (ids) => {
      const rows = await sql<{ at: number }[]>`
          SELECT (extract(epoch FROM "stoppedAt") * 1000)::float8 AS at FROM execution_entity
          WHERE status = 'success' ORDER BY id DESC LIMIT ${ids.length}`;
      return rows.map(({ at }) => at).toReversed();
    },
  });
}

function environment(stage: Stage, database: URL, redis: URL): Record<string, string> {
  return {
    N8N_USER_FOLDER: stage.dataDir,
    N8N_ENCRYPTION_KEY: randomBytes(16).toString('hex'),
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_LOG_LEVEL: 'warn',
    DB_TYPE: 'postgresdb',
    DB_POSTGRESDB_HOST: database.hostname,
    DB_POSTGRESDB_PORT: database.port,
    DB_POSTGRESDB_DATABASE: database.pathname.slice(1),
    DB_POSTGRESDB_USER: database.username,
    DB_POSTGRESDB_PASSWORD: database.password,
    DB_POSTGRESDB_POOL_SIZE: '10',
    EXECUTIONS_MODE: 'queue',
    QUEUE_BULL_REDIS_HOST: redis.hostname,
    QUEUE_BULL_REDIS_PORT: redis.port,
  };
}

/** A webhook that answers at once, and three nodes that each call the target. */
function workflow(url: string): Record<string, unknown> {
  const names = ['one', 'two', 'three'];
  const calls = names.map((name, index) => ({
    id: name,
    name,
    type: 'n8n-nodes-base.httpRequest',
    typeVersion: 4.2,
    position: [200 * (index + 1), 0],
    parameters: { url, options: {} },
  }));
  const chain = ['webhook', ...names];
  return {
    id: WORKFLOW_ID,
    name: 'three',
    active: false,
    nodes: [
      {
        id: 'webhook',
        name: 'webhook',
        type: 'n8n-nodes-base.webhook',
        typeVersion: 2,
        position: [0, 0],
        webhookId: 'b0d3c0de-0000-4000-8000-000000000001',
        parameters: { path: PATH, httpMethod: 'POST', responseMode: 'onReceived', options: {} },
      },
      ...calls,
    ],
    connections: Object.fromEntries(
      names.map((name, index) => [chain[index] ?? '', { main: [[{ node: name, type: 'main', index: 0 }]] }]),
    ),
    settings: { executionOrder: 'v1' },
  };
}

async function runToEnd(
  stage: Stage,
  name: string,
  args: string[],
  env: Record<string, string>,
): Promise<void> {
  const service: Service = await stage.service(`n8n-${name}`, process.execPath, [PROGRAM, ...args], env);
  const how = await service.ended;
  if (how !== 'exit code 0') throw new Error(`n8n ${name} ended with ${how}:\n${service.tail()}`);
}

/** Waits until `url` answers with success; a webhook is there some time after the process. */
async function untilAnswers(url: string, method: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const ok = await fetch(url, { method }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > deadline) throw new Error(`${url} did not answer in ${READY_TIMEOUT_MS} ms`);
    await sleep(POLL_MS);
  }
}
