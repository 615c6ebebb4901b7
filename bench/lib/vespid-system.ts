/** Starts Vespid from dist/, with the benchmark's two workflows published. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '../../scripts/migrate.ts';
import { ensureBuilt } from '../../scripts/stack/build.ts';
import { devClient } from '../../scripts/stack/dev-client.ts';
import type { Lifetime } from '../../scripts/stack/lifetime.ts';
import { startApi, startWorker, type StackUrls } from '../../scripts/stack/processes.ts';
import { keepSecretsKey } from '../../scripts/stack/secrets-key.ts';
import { readSettings } from '../../scripts/stack/settings.ts';
import type { Services } from './services.ts';
import type { Job, System } from './system.ts';

const document = (name: string): string =>
  `document: { dsl: 1.0.3, namespace: bench, name: ${name}, version: 1.0.0 }`;

const SETS = `${document('sets')}
do:
  - a: { set: { x: 1 } }
  - b: { set: { x: '\${ .x + 1 }' } }
  - c: { set: { x: '\${ .x + 1 }' } }
`;

const calls = (port: number): string => `${document('calls')}
do:
${['a', 'b', 'c']
  .map((name) => `  - ${name}: { call: http, with: { method: get, endpoint: 'http://127.0.0.1:${port}/' } }`)
  .join('\n')}
`;

/** Starts, stops and lists the processes of one kind. */
interface Processes {
  apis: System['apis'];
  workers: System['workers'];
  ports: number[];
  startApi(): Promise<void>;
  startWorker(): Promise<void>;
  stopApi(): Promise<void>;
  stopWorkers(): Promise<void>;
}

/** @param nextUrls makes the surroundings of one more process, with a folder of its own */
function processesOf(nextUrls: () => StackUrls, lifetime: Lifetime): Processes {
  const { signal } = lifetime;
  const processes: Processes = {
    apis: [],
    workers: [],
    ports: [],
    async startApi() {
      const { service, baseUrl, ready } = await startApi(nextUrls(), signal);
      lifetime.onClose('Vespid API', () => service.stop());
      await ready();
      processes.apis.push(service);
      processes.ports.push(Number(new URL(baseUrl).port));
    },
    async startWorker() {
      const { service, ready } = await startWorker(nextUrls(), signal);
      lifetime.onClose('Vespid worker', () => service.stop());
      processes.workers.push(service);
      await ready();
    },
    async stopApi() {
      processes.ports.pop();
      await processes.apis.pop()?.stop();
    },
    async stopWorkers() {
      await Promise.all(processes.workers.splice(0).map((service) => service.stop()));
    },
  };
  return processes;
}

/** Makes its database, starts one API and publishes. @param stepPort of the service that the steps call */
export async function openVespid(
  root: string,
  services: Services,
  stepPort: number,
  lifetime: Lifetime,
): Promise<System> {
  const { signal } = lifetime;
  await ensureBuilt(root, signal);
  const { url, sql } = await services.openDatabase('vespid_bench');
  await migrate(url);
  const settings = readSettings({ ...process.env, PORT: '0' });
  const secretsKey = settings.secretsKey ?? keepSecretsKey(services.dataDir);
  const urls = { root, settings, secretsKey, databaseUrl: url, redisUrl: services.redisUrl };
  let started = 0;
  const processes = processesOf(() => {
    started += 1;
    const dir = join(services.dataDir, `vespid-${started}`);
    mkdirSync(dir);
    return { ...urls, dir };
  }, lifetime);
  await processes.startApi();
  const client = devClient(`http://127.0.0.1:${processes.ports[0]}`, settings.adminToken, signal);
  const org = await client.createOrg('bench');
  const workflows: Record<Job, string> = {
    sets: await client.publish(org, SETS),
    calls: await client.publish(org, calls(stepPort)),
  };
  return {
    ...processes,
    name: 'vespid',
    databaseUrl: url,
    sql,
    table: 'workflow_runs',
    queuePrefix: '{vespid}:workflow-runs:',
    targets: (job) =>
      processes.ports.map((port) => ({
        host: '127.0.0.1',
        port,
        path: `/v1/orgs/${org.orgId}/workflows/${workflows[job]}/runs`,
        apiKey: org.apiKey,
      })),
    coldStart: (port) => ({
      args: [join(root, 'dist', 'server.js')],
      env: {
        ...process.env,
        HANDLERS: 'start-run',
        DATABASE_URL: url,
        REDIS_URL: services.redisUrl,
        HOST: '127.0.0.1',
        PORT: String(port),
        VESPID_SECRETS_KEY: secretsKey,
      },
    }),
  };
}
