/** Cancels the runs of a page: one statement for them and their count, then their children. */
import { toRunFilter } from '../../lib/bulk/request.ts';
import { cancelBulkPage, findLastCancelled, PAGE_RUNS, type BulkPage } from '../../lib/db/bulk/pages.ts';
import type { BulkRow } from '../../lib/db/bulk/row.ts';
import { bounded } from '../../lib/db/failure.ts';
import { isTerminal, RUN_STATUSES, type RunStatus } from '../../lib/db/runs/row.ts';
import { announceCancelled, cancelChildrenOf, cancelEntry } from '../../lib/runs/cancel.ts';
import { enqueueWoken } from '../../lib/runs/woken.ts';
import type { WorkerDeps } from '../deps.ts';
import type { BulkWork } from './bulk.ts';

const OPEN: readonly RunStatus[] = RUN_STATUSES.filter((status) => !isTerminal(status));

export class BulkCancel implements BulkWork {
  readonly #deps: WorkerDeps;
  /** Of the operation done last: up to where the children are known to be cancelled. */
  readonly #done = new Map<string, string | null>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  /** Where this worker has not done the page before, it may be that nobody has cancelled the children of its runs. */
  async begin(bulk: BulkRow): Promise<number> {
    const { sql, config } = this.#deps;
    if (bulk.position !== null && this.#done.get(bulk.id) !== bulk.position) {
      const query = findLastCancelled(sql, bulk, toRunFilter(bulk.org_id, bulk.filter));
      const rows = await bounded(query, config.databaseTimeoutMs);
      await this.#cancelChildren(
        bulk,
        rows.map(({ id }) => id),
        bulk.position,
      );
    }
    return PAGE_RUNS;
  }

  async page(bulk: BulkRow, page: BulkPage): Promise<void> {
    const { sql, config } = this.#deps;
    const wanted = bulk.filter.status;
    const statuses = OPEN.filter((status) => wanted === undefined || wanted.includes(status));
    const entryText = cancelEntry({ by: bulk.requested_by });
    const query = cancelBulkPage(sql, bulk, page, { statuses, entryText });
    const rows = await bounded(query, config.databaseTimeoutMs);
    for (const row of rows) announceCancelled(this.#deps, row);
    const woken = new Map(rows.map((row) => [row.parent_id, row]));
    for (const [parentId, row] of woken)
      if (parentId !== null) await enqueueWoken(this.#deps, row.org_id, row);
    await this.#cancelChildren(
      bulk,
      rows.map(({ id }) => id),
      page.position,
    );
  }

  async #cancelChildren(bulk: BulkRow, ids: readonly string[], position: string | null): Promise<void> {
    await cancelChildrenOf(this.#deps, ids);
    if (!this.#done.has(bulk.id)) this.#done.clear();
    this.#done.set(bulk.id, position);
  }
}
