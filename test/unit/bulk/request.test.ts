import { describe, expect, it } from 'vitest';
import { bulkBody } from '../../../lib/bulk/request.ts';
import { validate } from '../../../lib/http/body.ts';
import { ApiError } from '../../../lib/errors.ts';

const problemsOf = (filter: unknown): unknown => {
  try {
    validate(bulkBody, { action: 'cancel', filter });
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error.errors;
    throw error;
  }
};

describe('the filter of a bulk operation', () => {
  it('takes one status or several', () => {
    expect(validate(bulkBody, { action: 'cancel', filter: { status: 'failed' } }).filter.status).toEqual([
      'failed',
    ]);
    expect(problemsOf({ status: ['queued', 'waiting'] })).toBeNull();
  });

  it('says what would be right for no status, and for one that does not exist', () => {
    expect(problemsOf({ status: [] })).toEqual([
      {
        path: '/filter/status',
        message: 'must name at least one status; without `status` runs of every status are meant',
      },
    ]);
    const message =
      'must be one of queued, running, waiting, suspended, succeeded, failed, cancelled; several as an array';
    expect(problemsOf({ status: 'done' })).toEqual([{ path: '/filter/status', message }]);
  });
});
