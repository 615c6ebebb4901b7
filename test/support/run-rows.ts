/** A database with one org, one workflow and its version, for tests of the statements that move runs. */
import { randomUUID } from 'node:crypto';
import { openDatabase, type Sql } from '../../lib/db/client.ts';
import type { Leave } from '../../lib/db/runs/write.ts';
import { beat, type WorkerIdentity } from '../../lib/db/workers.ts';
import type { WrittenTree } from '../../lib/engine/parts.ts';
import { NEWEST_FORMAT } from '../../lib/formats.ts';
import { createTestDatabase } from './stack.ts';

/** A run that ends well. */
export const SUCCEEDED: Leave = {
  status: 'succeeded',
  tree: null,
  dropsParts: false,
  outputText: '1',
  errorText: null,
  delayMs: null,
  untilMs: null,
  resuming: false,
  newGeneration: false,
  wakesParent: false,
  suspendedText: '{"type":"run_suspended"}',
};

/** A worker of the newest format. */
export const identity = (id: string): WorkerIdentity => ({
  id,
  hostname: 'test',
  pid: 1,
  concurrency: 1,
  readsFormat: NEWEST_FORMAT,
});

/** A progress tree without parts; the text stands for its root, and for one before which there was none. */
export const treeOf = (rootText: string): WrittenTree => ({
  format: 1,
  revision: 1,
  rootText,
  written: [],
  dropped: [],
});

export interface RunRows {
  sql: Sql;
  /** Another pool; to be ended by the caller. */
  open(connections: number): Sql;
  orgId: string;
  workflowId: string;
  /** A worker whose heartbeat has just come; its id. */
  aliveWorker(): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param connections of the pool: more than one where statements are to meet
 * @param timeoutMs of a statement
 */
export async function openRunRows(connections: number, timeoutMs = 5000): Promise<RunRows> {
  const database = await createTestDatabase();
  const open = (max: number): Sql =>
    openDatabase({ url: database.url, timeoutMs, max, prepare: true, name: 'test' });
  const sql = open(connections);
  const [orgId, workflowId] = [randomUUID(), randomUUID()];
  await sql`INSERT INTO orgs (id, name) VALUES (${orgId}, 'test')`;
  await sql`INSERT INTO workflows (id, org_id, name, draft, draft_source, draft_digest, published_version)
    VALUES (${workflowId}, ${orgId}, 'test', 'null', '', '', 1)`;
  await sql`INSERT INTO workflow_versions (org_id, workflow_id, version, definition, source, digest, published_by)
    VALUES (${orgId}, ${workflowId}, 1, 'null', '', '', 'test')`;
  return {
    sql,
    open,
    orgId,
    workflowId,
    async aliveWorker() {
      const id = randomUUID();
      await beat(sql, identity(id), { held: [], stopping: false, leaseMs: 60_000 });
      return id;
    },
    async close() {
      await sql.end();
      await database.drop();
    },
  };
}
