/** POST /v1/orgs/:orgId/runs/bulk */
import { uuidv7 } from 'uuidv7';
import { countRuns } from '../lib/bulk/count.ts';
import { bulkBody, readBulkOptions, toRunFilter } from '../lib/bulk/request.ts';
import { insertBulk } from '../lib/db/bulk/operations.ts';
import { toBulk } from '../lib/db/bulk/row.ts';
import { ApiError } from '../lib/errors.ts';
import { readBody } from '../lib/http/body.ts';
import { orgRoute } from '../lib/http/route.ts';

/** Operations of one org that go on at the same time. */
const MAX_RUNNING = 10;

export default orgRoute({
  name: 'start-bulk-operation',
  method: 'post',
  paths: ['/v1/orgs/:orgId/runs/bulk'],
  access: 'runs:write',
  summary: 'Cancels or repeats every run of a filter that was there before, or only counts them (`dryRun`).',
  body: bulkBody,
  answers: {
    202: '`{ bulk: { id, action, status, filter, dryRun, matchedCount, processedCount, … } }`: counted, and begun unless `dryRun`',
    409: '`INVALID_STATE`: the org has 10 operations under way',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const body = await readBody(context, bulkBody);
    const options = readBulkOptions(body);
    const matchedCount = await countRuns(deps, toRunFilter(caller.orgId, body.filter));
    const row = await insertBulk(
      deps,
      {
        id: uuidv7(),
        orgId: caller.orgId,
        action: body.action,
        options,
        filter: body.filter,
        dryRun: body.dryRun ?? false,
        matchedCount,
        requestedBy: caller.keyId,
      },
      MAX_RUNNING,
    );
    if (row !== null) return c.json({ bulk: toBulk(row) }, 202);
    const detail = `The org has ${MAX_RUNNING} bulk operations under way: wait for one, or abort it.`;
    throw new ApiError('INVALID_STATE', detail);
  },
});
