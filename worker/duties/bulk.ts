/**
 * Bulk operations: a page of one after the other, so that none waits for the end of another. The place is kept in the
 * row, and a page that is repeated after a crash does and counts nothing twice.
 */
import { InputSchemas } from '../../lib/accept/input-schemas.ts';
import { toRunFilter } from '../../lib/bulk/request.ts';
import { completeBulk, findBulkPage, findNextBulk, type BulkPage } from '../../lib/db/bulk/pages.ts';
import type { BulkRow } from '../../lib/db/bulk/row.ts';
import { bounded, isDatabaseUnavailable } from '../../lib/db/failure.ts';
import type { WorkerDeps } from '../deps.ts';
import { BulkCancel } from './bulk-cancel.ts';
import { BulkRerun } from './bulk-rerun.ts';
import type { Duty } from './duty.ts';

const EVERY_MS = 500;
/** One that cannot go on now is left alone for so long. */
const REST_MS = 2000;

/** How runs are dealt with. */
export interface BulkWork {
  /** Before a page: how many runs it may have; 0: the operation rests. */
  begin(bulk: BulkRow): Promise<number>;
  /** A page, and its count. */
  page(bulk: BulkRow, page: BulkPage): Promise<void>;
}

class BulkDuty implements Duty {
  readonly name = 'bulk';
  readonly everyMs = EVERY_MS;
  readonly who = 'leader';
  readonly #deps: WorkerDeps;
  readonly #works: Record<BulkRow['action'], BulkWork>;
  /** Whose turn it was. */
  #last: string | null = null;
  /** Operations that rest, and until when. */
  readonly #rests = new Map<string, number>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#works = { cancel: new BulkCancel(deps), rerun: new BulkRerun(deps, new InputSchemas()) };
  }

  async tick(): Promise<boolean> {
    const { sql, config, log } = this.#deps;
    const nowMs = performance.now();
    for (const [id, untilMs] of this.#rests) if (untilMs <= nowMs) this.#rests.delete(id);
    const query = findNextBulk(sql, this.#last, [...this.#rests.keys()]);
    const [bulk] = await bounded(query, config.databaseTimeoutMs);
    this.#last = bulk?.id ?? null;
    if (bulk === undefined) return false;
    try {
      if (!(await this.#advance(bulk))) this.#rests.set(bulk.id, nowMs + REST_MS);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      log.error({ err: error, bulkId: bulk.id, orgId: bulk.org_id }, 'a bulk operation: tried again later');
      this.#rests.set(bulk.id, nowMs + REST_MS);
    }
    return true;
  }

  /** @returns false: it cannot go on now */
  async #advance(bulk: BulkRow): Promise<boolean> {
    const { sql, config } = this.#deps;
    const work = this.#works[bulk.action];
    const limit = await work.begin(bulk);
    if (limit === 0) return false;
    const query = findBulkPage(sql, bulk, toRunFilter(bulk.org_id, bulk.filter), limit);
    const [page] = await bounded(query, config.databaseTimeoutMs);
    if (page === undefined || page.position === null) {
      await bounded(completeBulk(sql, bulk), config.databaseTimeoutMs);
    } else await work.page(bulk, page);
    return true;
  }
}

export const createBulk = (deps: WorkerDeps): Duty => new BulkDuty(deps);
