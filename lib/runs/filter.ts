/** The query of a list of runs. */
import type { Context } from 'hono';
import type { RunFilter } from '../db/runs/filter.ts';
import { RUN_STATUSES, type RunStatus } from '../db/runs/row.ts';
import { ApiError, type ErrorItem } from '../errors.ts';
import { isUuid } from '../http/uuid.ts';
import { INSTANT_MESSAGE, toInstant } from './instant.ts';

const isStatus = (text: string): text is RunStatus => RUN_STATUSES.some((status) => status === text);

function readTime(c: Context, name: 'from' | 'to', errors: ErrorItem[]): string | null {
  const text = c.req.query(name);
  if (text === undefined) return null;
  const instant = toInstant(text);
  if (instant === null) errors.push({ path: `query/${name}`, message: INSTANT_MESSAGE });
  return instant;
}

function readStatuses(c: Context, errors: ErrorItem[]): RunStatus[] | null {
  const text = c.req.query('status');
  if (text === undefined) return null;
  const statuses = text.split(',');
  if (!statuses.every(isStatus)) {
    errors.push({
      path: 'query/status',
      message: `must be one of ${RUN_STATUSES.join(', ')}; several with commas`,
    });
    return null;
  }
  return statuses;
}

function readLabels(c: Context, errors: ErrorItem[]): Record<string, string> {
  const labels: [string, string][] = [];
  for (const [name, value] of Object.entries(c.req.query())) {
    if (!name.startsWith('label.')) continue;
    // jsonb holds no NUL; no stored label has one.
    if (value.includes('\0') || name.includes('\0')) {
      errors.push({
        path: `query/${name.replaceAll('\0', '')}`,
        message: 'must not contain the NUL character',
      });
    }
    labels.push([name.slice('label.'.length), value]);
  }
  return Object.fromEntries(labels);
}

/** @throws {ApiError} VALIDATION_FAILED naming every part of the query that is wrong */
export function readRunFilter(c: Context, orgId: string): RunFilter {
  const errors: ErrorItem[] = [];
  const workflowId = c.req.param('workflowId') ?? c.req.query('workflowId') ?? null;
  if (workflowId !== null && !isUuid(workflowId))
    errors.push({ path: 'query/workflowId', message: 'must be a UUID' });
  const filter: RunFilter = {
    orgId,
    workflowId,
    version: null,
    statuses: readStatuses(c, errors),
    labels: readLabels(c, errors),
    from: readTime(c, 'from', errors),
    to: readTime(c, 'to', errors),
  };
  if (errors.length > 0)
    throw new ApiError('VALIDATION_FAILED', 'The query of the URL is not valid.', { errors });
  return filter;
}
