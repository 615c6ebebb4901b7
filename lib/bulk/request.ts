/** What a caller says to cancel or repeat many runs. */
import * as v from 'valibot';
import type { BulkFilter, BulkOptions } from '../db/bulk/row.ts';
import type { RunFilter } from '../db/runs/filter.ts';
import { RUN_STATUSES } from '../db/runs/row.ts';
import { ApiError, type ErrorItem } from '../errors.ts';
import { closedObject, storableText, textMap } from '../http/shapes.ts';
import { isUuid } from '../http/uuid.ts';
import { INSTANT_MESSAGE, toInstant } from '../runs/instant.ts';
import { versionNumber } from '../runs/request.ts';

const STATUS_MESSAGE = `must be one of ${RUN_STATUSES.join(', ')}`;
const NO_STATUS = 'must name at least one status; without `status` runs of every status are meant';
const status = v.picklist(RUN_STATUSES, STATUS_MESSAGE);

const instant = v.pipe(
  v.string(INSTANT_MESSAGE),
  v.check((text) => toInstant(text) !== null, INSTANT_MESSAGE),
  v.transform((text) => toInstant(text) ?? text),
);

/** The members of the list's query (lib/runs/filter.ts), and the version. */
const filter = closedObject({
  status: v.optional(
    v.pipe(
      v.union(
        [status, v.pipe(v.array(status), v.minLength(1, NO_STATUS))],
        `${STATUS_MESSAGE}; several as an array`,
      ),
      v.transform((given) => [given].flat()),
    ),
  ),
  workflowId: v.optional(
    v.pipe(
      v.string('must be a UUID'),
      v.check(isUuid, 'must be a UUID'),
      v.transform((id) => id.toLowerCase()),
    ),
  ),
  version: v.optional(versionNumber),
  labels: v.optional(textMap(storableText(1, 64), storableText(0, 255))),
  from: v.optional(instant),
  to: v.optional(instant),
});

/** Body of `POST …/runs/bulk`. An empty filter means every run of the org. */
export const bulkBody = closedObject({
  action: v.picklist(['cancel', 'rerun'], 'must be "cancel" or "rerun"'),
  filter,
  dryRun: v.optional(v.boolean('must be true or false')),
  from: v.optional(v.picklist(['start', 'failed'], 'must be "start" or "failed"')),
  version: v.optional(versionNumber),
});
type BulkBody = v.InferOutput<typeof bulkBody>;

/**
 * The options of the action; runs are repeated from the start unless it is said otherwise.
 * @throws {ApiError} VALIDATION_FAILED for options that the action does not have
 */
export function readBulkOptions({ action, from, version }: BulkBody): BulkOptions {
  if (action === 'rerun') return { from: from ?? 'start', ...(version !== undefined && { version }) };
  const errors: ErrorItem[] = Object.entries({ from, version })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({ path: `/${name}`, message: 'goes with "action": "rerun" only' }));
  if (errors.length === 0) return {};
  throw new ApiError('VALIDATION_FAILED', 'The body does not have the expected shape.', { errors });
}

/** The filter as statements take it. */
export const toRunFilter = (orgId: string, given: BulkFilter): RunFilter => ({
  orgId,
  workflowId: given.workflowId ?? null,
  version: given.version ?? null,
  statuses: given.status ?? null,
  labels: given.labels ?? {},
  from: given.from ?? null,
  to: given.to ?? null,
});
