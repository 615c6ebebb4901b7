/** A write of an attempt that is repeated until its outcome is known. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../lib/config.ts';
import type { Sql } from '../lib/db/client.ts';
import { isDatabaseUnavailable, bounded } from '../lib/db/failure.ts';
import { findOwnWrite, type OwnWrite } from '../lib/db/runs/own-write.ts';
import type { Fence } from '../lib/db/runs/write.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

export interface FencedWrite<T> {
  sql: Sql;
  config: Config;
  fence: Fence;
  /** Sends it, once; null when it was void. Alone when it is repeated: what kept it off must not keep others off. */
  send(alone: boolean): Promise<T | null>;
  /** Reads from the row whether an earlier send of this write has landed. */
  landed(row: OwnWrite): T | null;
  /** Ends the repetition: the process is going down. */
  giveUp: AbortSignal;
}

/**
 * Sends the write until Postgres has answered. While Postgres is away the result stays in memory: the lease
 * cannot be taken over by anybody either.
 * @returns what the statement returned, or null when the lease is lost (or the repetition was ended)
 */
export async function writeFenced<T>(write: FencedWrite<T>): Promise<T | null> {
  const { sql, config, fence } = write;
  let uncertain = false;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      const row = await write.send(uncertain);
      if (row !== null) return row;
      if (!uncertain) return null;
      const [own] = await bounded(findOwnWrite(sql, fence.runId), config.databaseTimeoutMs);
      return own !== undefined && own.lease === fence.lease ? write.landed(own) : null;
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      uncertain = true;
      if (write.giveUp.aborted) return null;
      await sleep(delayMs, undefined, { signal: write.giveUp }).catch(() => {});
    }
  }
}
