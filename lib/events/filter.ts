/** The query of a list of events. */
import type { Context } from 'hono';
import { EVENT_KINDS, type EventFilter, type EventKind } from '../db/events/events.ts';
import { ApiError, type ErrorItem } from '../errors.ts';
import { isUuid } from '../http/uuid.ts';

const isKind = (text: string): text is EventKind => EVENT_KINDS.some((kind) => kind === text);

/** @throws {ApiError} VALIDATION_FAILED naming every part of the query that is wrong */
export function readEventFilter(c: Context, orgId: string): EventFilter {
  const errors: ErrorItem[] = [];
  const text = (name: string): string | null => {
    const value = c.req.query(name) ?? null;
    // No text column of Postgres holds NUL.
    if (value?.includes('\0') !== true) return value;
    errors.push({ path: `query/${name}`, message: 'must not contain the NUL character' });
    return null;
  };
  const kind = c.req.query('kind') ?? null;
  const runId = c.req.query('runId') ?? null;
  if (kind !== null && !isKind(kind)) {
    errors.push({ path: 'query/kind', message: `must be one of ${EVENT_KINDS.join(', ')}` });
  }
  if (runId !== null && !isUuid(runId)) errors.push({ path: 'query/runId', message: 'must be a UUID' });
  const filter: EventFilter = {
    orgId,
    type: text('type'),
    source: text('source'),
    kind: kind !== null && isKind(kind) ? kind : null,
    runId,
  };
  if (errors.length === 0) return filter;
  throw new ApiError('VALIDATION_FAILED', 'The query of the URL is not valid.', { errors });
}
