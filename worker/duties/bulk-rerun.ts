/** Repeats the runs of a page, each once: the rerun's idempotency key names operation and run. */
import type { InputSchemas } from '../../lib/accept/input-schemas.ts';
import { countBulkPage, PAGE_RUNS, type BulkPage } from '../../lib/db/bulk/pages.ts';
import type { BulkRow } from '../../lib/db/bulk/row.ts';
import { bounded, isDatabaseUnavailable } from '../../lib/db/failure.ts';
import { countQueued, findLimits } from '../../lib/db/limits.ts';
import type { InsertedRun } from '../../lib/db/runs/insert.ts';
import type { RequeueRow } from '../../lib/db/runs/reconcile.ts';
import { findRun } from '../../lib/db/runs/read.ts';
import { isTerminal } from '../../lib/db/runs/row.ts';
import { ApiError, notFound } from '../../lib/errors.ts';
import { insertRerun, prepareRerun, type RerunResult } from '../../lib/runs/rerun.ts';
import type { WorkerDeps } from '../deps.ts';
import { requeue } from '../requeue.ts';
import type { BulkWork } from './bulk.ts';

/** Runs that are repeated at the same time: each may bring megabytes of input and progress. */
const PARALLEL = 5;

/** A run to be enqueued, one that was inserted before, or one that cannot be repeated. */
type Outcome = RequeueRow | 'known' | 'refused';

/** Without input and labels, of which a page may have a hundred megabytes. */
const withoutData = (row: InsertedRun): RequeueRow => ({
  id: row.id,
  org_id: row.org_id,
  workflow_id: row.workflow_id,
  version: row.version,
  generation: row.generation,
  format: row.format,
  priority: row.priority,
  attempt_count: row.attempt_count,
  delay_ms: row.delay_ms,
});

export class BulkRerun implements BulkWork {
  readonly #deps: WorkerDeps;
  readonly #inputSchemas: InputSchemas;

  constructor(deps: WorkerDeps, inputSchemas: InputSchemas) {
    this.#deps = deps;
    this.#inputSchemas = inputSchemas;
  }

  /** As many as the org may still queue. */
  async begin(bulk: BulkRow): Promise<number> {
    const { sql, config } = this.#deps;
    const { maxRunsQueued } = await findLimits(this.#deps, bulk.org_id);
    if (maxRunsQueued === null) return PAGE_RUNS;
    const query = countQueued(sql, bulk.org_id, maxRunsQueued);
    const [queued] = await bounded(query, config.databaseTimeoutMs);
    return Math.min(PAGE_RUNS, Math.max(0, maxRunsQueued - (queued?.count ?? 0)));
  }

  async page(bulk: BulkRow, page: BulkPage): Promise<void> {
    const { sql, config } = this.#deps;
    const ended = page.runs.filter(({ status }) => isTerminal(status));
    const outcomes: Outcome[] = [];
    for (let at = 0; at < ended.length; at += PARALLEL) {
      const chunk = ended.slice(at, at + PARALLEL);
      outcomes.push(...(await Promise.all(chunk.map(({ id }) => this.#repeat(bulk, id)))));
    }
    const inserted = outcomes.filter((outcome) => typeof outcome === 'object');
    // What the queue does not take now, the reconciler adds later.
    await requeue(this.#deps, inserted, 'bulk');
    const succeeded = outcomes.filter((outcome) => outcome !== 'refused').length;
    await bounded(countBulkPage(sql, bulk, page, succeeded), config.databaseTimeoutMs);
  }

  async #repeat(bulk: BulkRow, runId: string): Promise<Outcome> {
    try {
      const result = await this.#insert(bulk, runId);
      return result.kind === 'inserted' ? withoutData(result.row) : result.kind;
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      // One run that cannot be repeated must not hold up the others.
      if (!(error instanceof ApiError))
        this.#deps.log.error({ err: error, bulkId: bulk.id, runId }, 'a run could not be repeated');
      return 'refused';
    }
  }

  async #insert(bulk: BulkRow, runId: string): Promise<RerunResult> {
    const { sql, config, log, definitions } = this.#deps;
    const [run] = await bounded(findRun(sql, bulk.org_id, runId, null), config.databaseTimeoutMs);
    if (run === undefined) return { kind: 'refused', error: notFound() };
    const rerun = await prepareRerun(
      { sql, config, definition: (...of) => definitions.get(...of) },
      run,
      { from: bulk.options.from ?? 'start', version: bulk.options.version ?? null },
      {
        requestedBy: bulk.requested_by,
        idempotency: { key: `bulk/${bulk.id}/${runId}`, digest: bulk.id },
      },
    );
    return insertRerun({ sql, config, log, inputSchemas: this.#inputSchemas }, rerun);
  }
}
