/** Events that a run emits and listens for, for the interpreter's port. */
import { createHash } from 'node:crypto';
import { deleteInbox, readInbox } from '../lib/db/events/inbox.ts';
import { deleteListener, insertListeners } from '../lib/db/events/listeners.ts';
import { bounded } from '../lib/db/failure.ts';
import type { ClaimedRun } from '../lib/db/runs/claim.ts';
import { WorkflowError } from '../lib/engine/errors.ts';
import type { CloudEvent, Events, ListenFilter } from '../lib/engine/types.ts';
import { toNewListener } from '../lib/events/listener.ts';
import { storeEvents } from '../lib/events/store.ts';
import type { WorkerDeps } from './deps.ts';
import { runtimeFault } from './faults.ts';
import { jsonTextWithin } from './json-text.ts';

/** Of the filters of one `listen`, as JSON: the dispatcher reads them for every event that may be for them. */
const MAX_FILTERS_BYTES = 64 << 10;
const MAX_FILTERS = 1000;
/** What is read of the inbox at a time. */
const PAGE = { limit: 200, maxBytes: 4 << 20 };
/** A longer key of a listener is hashed: an entry of the index has at most 2704 bytes. */
const MAX_KEY_LENGTH = 500;

const tooLarge = (detail: string): WorkflowError => new WorkflowError(runtimeFault(detail), 'limit');

const storedKey = (key: string): string =>
  key.length <= MAX_KEY_LENGTH ? key : createHash('sha256').update(key).digest('hex');

/** The events of one claimed run. What the database cannot do now rejects, as every port may. */
export function createEvents(deps: WorkerDeps, claimed: ClaimedRun): Events {
  const { sql, config } = deps;
  const { id: runId, org_id: orgId, lease } = claimed;
  const listener = (key: string) => ({ ownerId: runId, key: storedKey(key) });

  return {
    async emit(event: CloudEvent) {
      const text = jsonTextWithin(event, config.maxBodyBytes);
      if (text === null)
        throw tooLarge(`the event is larger than ${config.maxBodyBytes} bytes (MAX_BODY_BYTES)`);
      await storeEvents(deps, [event], { orgId, kind: 'emitted', runId });
    },
    async listen(key, filters: readonly ListenFilter[]) {
      if (filters.length > MAX_FILTERS) throw tooLarge(`it listens with more than ${MAX_FILTERS} filters`);
      if (jsonTextWithin(filters, MAX_FILTERS_BYTES) === null) {
        throw tooLarge(
          `its filters, with the values they expect, are larger than ${MAX_FILTERS_BYTES} bytes`,
        );
      }
      const run = { runId, orgId, lease, key: storedKey(key) };
      const rows = filters.map((filter, index) => toNewListener(index, filter));
      await bounded(insertListeners(sql, run, rows), config.databaseTimeoutMs);
    },
    async collected(key, afterSeq) {
      const query = readInbox(sql, listener(key), { ...PAGE, afterSeq });
      const rows = await bounded(query, config.databaseTimeoutMs);
      return rows.map(({ seq, envelope }) => ({ seq, event: envelope }));
    },
    async close(key) {
      const name = listener(key);
      await bounded(deleteListener(sql, name.ownerId, name.key), config.databaseTimeoutMs);
      await bounded(deleteInbox(sql, name), config.databaseTimeoutMs);
    },
  };
}
