/** Every route of the API. Modules are loaded when they are served: `HANDLERS=start-run` loads that one only. */
import type { Route } from '../lib/http/route.ts';

const ROUTES: Record<string, () => Promise<{ default: Route }>> = {
  'create-org': () => import('./create-org.ts'),
  'list-orgs': () => import('./list-orgs.ts'),
  'get-org': () => import('./get-org.ts'),
  'create-api-key': () => import('./create-api-key.ts'),
  'list-api-keys': () => import('./list-api-keys.ts'),
  'delete-api-key': () => import('./delete-api-key.ts'),
  'create-workflow': () => import('./create-workflow.ts'),
  'validate-workflow': () => import('./validate-workflow.ts'),
  'list-workflows': () => import('./list-workflows.ts'),
  'get-workflow': () => import('./get-workflow.ts'),
  'replace-workflow': () => import('./replace-workflow.ts'),
  'archive-workflow': () => import('./archive-workflow.ts'),
  'publish-workflow': () => import('./publish-workflow.ts'),
  'list-versions': () => import('./list-versions.ts'),
  'get-version': () => import('./get-version.ts'),
  'put-secret': () => import('./put-secret.ts'),
  'list-secrets': () => import('./list-secrets.ts'),
  'get-secret': () => import('./get-secret.ts'),
  'delete-secret': () => import('./delete-secret.ts'),
  'start-run': () => import('./start-run.ts'),
  'start-runs-batch': () => import('./start-runs-batch.ts'),
  'list-runs': () => import('./list-runs.ts'),
  'start-bulk-operation': () => import('./start-bulk-operation.ts'),
  'list-bulk-operations': () => import('./list-bulk-operations.ts'),
  'get-bulk-operation': () => import('./get-bulk-operation.ts'),
  'abort-bulk-operation': () => import('./abort-bulk-operation.ts'),
  'get-run': () => import('./get-run.ts'),
  'run-events': () => import('./run-events.ts'),
  'cancel-run': () => import('./cancel-run.ts'),
  'suspend-run': () => import('./suspend-run.ts'),
  'resume-run': () => import('./resume-run.ts'),
  'rerun-run': () => import('./rerun-run.ts'),
  'send-events': () => import('./send-events.ts'),
  'list-events': () => import('./list-events.ts'),
  'create-subscription': () => import('./create-subscription.ts'),
  'list-subscriptions': () => import('./list-subscriptions.ts'),
  'get-subscription': () => import('./get-subscription.ts'),
  'delete-subscription': () => import('./delete-subscription.ts'),
  'get-limits': () => import('./get-limits.ts'),
  'change-limits': () => import('./change-limits.ts'),
  'list-schedules': () => import('./list-schedules.ts'),
  'get-schedule': () => import('./get-schedule.ts'),
  'pause-schedule': () => import('./pause-schedule.ts'),
  'resume-schedule': () => import('./resume-schedule.ts'),
  'health-live': () => import('./health-live.ts'),
  'health-ready': () => import('./health-ready.ts'),
  metrics: () => import('./metrics.ts'),
  openapi: () => import('./openapi.ts'),
  docs: () => import('./docs.ts'),
};

/** What HANDLERS may name. */
export const ROUTE_NAMES: readonly string[] = Object.keys(ROUTES);

/**
 * Loads routes, in the order of the list above.
 * @param names those to load, of ROUTE_NAMES; none means all
 */
export async function loadRoutes(names: readonly string[]): Promise<Route[]> {
  const loads = Object.entries(ROUTES).filter(([name]) => names.length === 0 || names.includes(name));
  return Promise.all(loads.map(async ([, load]) => (await load()).default));
}
