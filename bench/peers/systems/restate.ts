/** Restate: its server as one node with its default settings, and a service of the TypeScript SDK. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../scripts/stack/ports.ts';
import { evenly, many, poster } from '../load.ts';
import type { Stage } from '../stage.ts';
import type { RunningSystem, System } from '../system.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

const LATENCY_END = 'the answer to a call at the ingress that waits for the result';
const PACKAGES = ['@restatedev/restate-sdk', '@restatedev/restate-server'];
const SERVER = 'restate-server, one node, defaults (fsync on, 24 partitions)';

export const restate: System = {
  name: 'restate',
  job: 'steps',
  packages: PACKAGES,
  setup: `${SERVER}; runs started by /send at the ingress, up to 1,000 at once`,
  latencyEnd: LATENCY_END,
  start: (stage) => startRestate(stage, 'bench/three/send'),
};

/** Callers that wait keep the queue short: no more runs at once than calls in flight. */
export const restateCall: System = {
  name: 'restate-call',
  job: 'steps',
  packages: PACKAGES,
  setup: `${SERVER}; calls at the ingress that wait for the result, so that created is completed`,
  latencyEnd: LATENCY_END,
  start: (stage) => startRestate(stage, 'bench/three'),
};

async function startRestate(stage: Stage, path: string): Promise<RunningSystem> {
  const { ingress, admin } = await startServer(stage);
  const service = await stage.program('restate-service.ts', { PORT: String(await freePort()) });
  await askAdmin(`${admin}/deployments`, { uri: `http://127.0.0.1:${service.port}` });
  const post = poster({ body: '{}' });
  return {
    create: (count, inFlight) => many(count, inFlight, () => post(`${ingress}/${path}`)),
    unfinished: async () => {
      const query = "SELECT count(*) AS count FROM sys_invocation_status WHERE status <> 'completed'";
      // The form that its query API documents.
      const { rows } = (await askAdmin(`${admin}/query`, { query })) as { rows: { count: number }[] };
      return rows[0]?.count ?? 0;
    },
    sample: (ratePerSecond, seconds) =>
      evenly(ratePerSecond, seconds, async () => {
        const startMs = performance.now();
        await post(`${ingress}/bench/three`);
        return performance.now() - startMs;
      }),
  };
}

async function startServer(stage: Stage): Promise<{ ingress: string; admin: string }> {
  const [ingressPort, adminPort, nodePort] = [await freePort(), await freePort(), await freePort()];
  await stage.service('restate', binary(), ['--no-logo'], {
    RESTATE_BASE_DIR: join(stage.dataDir, 'restate'),
    RESTATE_NODE_NAME: 'bench',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_PORT: String(nodePort),
    RESTATE_INGRESS__BIND_PORT: String(ingressPort),
    RESTATE_ADMIN__BIND_PORT: String(adminPort),
    RESTATE_DISABLE_TELEMETRY: 'true',
  });
  const urls = { ingress: `http://127.0.0.1:${ingressPort}`, admin: `http://127.0.0.1:${adminPort}` };
  await untilHealthy(`${urls.admin}/health`);
  await untilHealthy(`${urls.ingress}/restate/health`);
  return urls;
}

/** The program itself: the package's own launcher would stand between it and its signals. */
function binary(): string {
  const launcher = createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json');
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  return join(dirname(createRequire(launcher).resolve(`${name}/package.json`)), 'bin', 'restate-server');
}

async function askAdmin(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function untilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > deadline) throw new Error(`${url} did not answer in ${READY_TIMEOUT_MS} ms`);
    await sleep(POLL_MS);
  }
}
