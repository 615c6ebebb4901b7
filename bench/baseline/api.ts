/**
 * The usual design, as a team writes it by hand: the API. One INSERT, one `queue.add`, 201.
 * It is what Vespid is measured against, and it is frozen: a change of it makes the results of different days differ.
 */
import { createHash } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Queue } from 'bullmq';
import { Hono } from 'hono';
import { Redis } from 'ioredis';
import { uuidv7 } from 'uuidv7';
import * as v from 'valibot';
import { log, QUEUE_NAME, settings, sql, type RunJob } from './settings.ts';

const KEY_CACHE_MS = 30_000;

const queue = new Queue<RunJob>(QUEUE_NAME, {
  connection: new Redis(settings.redisUrl),
  defaultJobOptions: {
    attempts: 3,
    backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: true,
    removeOnFail: 1000,
  },
});

const keys = new Map<string, { orgId: string; untilMs: number }>();

async function orgOfKey(header: string | undefined): Promise<string | null> {
  if (header?.startsWith('Bearer ') !== true) return null;
  const hash = createHash('sha256').update(header.slice('Bearer '.length)).digest('hex');
  const cached = keys.get(hash);
  if (cached !== undefined && cached.untilMs > Date.now()) return cached.orgId;
  const [row] = await sql<{ org_id: string }[]>`SELECT org_id FROM api_keys WHERE hash = ${hash}`;
  if (row === undefined) return null;
  keys.set(hash, { orgId: row.org_id, untilMs: Date.now() + KEY_CACHE_MS });
  return row.org_id;
}

const Params = v.object({ orgId: v.pipe(v.string(), v.uuid()), workflowId: v.pipe(v.string(), v.uuid()) });
const Body = v.object({ input: v.optional(v.any(), null) });

interface CreatedRow {
  id: string;
  status: string;
  created_at: Date;
}

const app = new Hono();

app.post('/v1/orgs/:orgId/workflows/:workflowId/runs', async (c) => {
  const callerOrg = await orgOfKey(c.req.header('authorization'));
  if (callerOrg === null) return c.json({ error: 'unauthenticated' }, 401);
  const params = v.safeParse(Params, c.req.param());
  if (!params.success || params.output.orgId !== callerOrg) return c.json({ error: 'not found' }, 404);
  const body = v.safeParse(Body, await c.req.json().catch(() => null));
  if (!body.success) return c.json({ error: 'invalid body' }, 422);
  const { orgId, workflowId } = params.output;
  const input: unknown = body.output.input;

  const [row] = await sql<CreatedRow[]>`
    INSERT INTO runs (id, org_id, workflow_id, input)
    VALUES (${uuidv7()}, ${orgId}, ${workflowId}, ${sql.json(input as never)})
    RETURNING id, status, created_at`;
  if (row === undefined) throw new Error('an INSERT returns its row');
  try {
    await queue.add('run', { runId: row.id, orgId }, { jobId: row.id });
  } catch (error) {
    log.error({ err: error, runId: row.id }, 'enqueue failed');
    await sql`DELETE FROM runs WHERE id = ${row.id}`;
    return c.json({ error: 'queue unavailable' }, 503);
  }
  log.info({ runId: row.id, orgId, workflowId }, 'run created');
  c.header('location', `/v1/orgs/${orgId}/workflows/${workflowId}/runs/${row.id}`);
  const run = { id: row.id, orgId, workflowId, status: row.status, input, createdAt: row.created_at };
  return c.json({ run }, 201);
});

app.get('/health', (c) => c.json({ status: 'ok' }));

const server = serve({ fetch: app.fetch, port: settings.port, hostname: '127.0.0.1' }, ({ port }) => {
  log.info({ port }, 'listening');
});

async function stop(): Promise<void> {
  server.close();
  await queue.close();
  await sql.end({ timeout: 1 });
  process.exit(0);
}
process.on('SIGTERM', () => void stop());
