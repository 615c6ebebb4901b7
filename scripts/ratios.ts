/**
 * `npm run ratios < log`: the four ratios of the dashboard (contract, section 5) from log lines on stdin.
 * Lines that are not JSON, or carry no event, are passed over. Exits 1 when there is no run event at all.
 */
import { createInterface } from 'node:readline';

/** One of these is logged for every run-create request that reached the queue decision. */
const REQUEST_OUTCOMES = [
  'workflow_run_enqueued',
  'queue_unavailable',
  'database_unavailable',
  'enqueue_outcome_unknown',
];

/** A line tells of one request, or of as many as its `count` says. */
function eventOf(line: string): { event: string; count: number } | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('event' in value)) return null;
    return { event: String(value.event), count: 'count' in value ? Number(value.count) : 1 };
  } catch {
    return null;
  }
}

const counts = new Map<string, number>();
for await (const line of createInterface({ input: process.stdin })) {
  const told = eventOf(line);
  if (told !== null) counts.set(told.event, (counts.get(told.event) ?? 0) + told.count);
}
const count = (event: string): number => counts.get(event) ?? 0;
const requests = REQUEST_OUTCOMES.reduce((sum, event) => sum + count(event), 0);
const started = count('workflow_run_started');

const ratios: [string, number, number][] = [
  ['queue_unavailable / run-create requests', count('queue_unavailable'), requests],
  ['failed / started', count('workflow_run_failed'), started],
  ['retried / started', count('workflow_run_retried'), started],
  ['succeeded / run-create requests', count('workflow_run_succeeded'), requests],
];
for (const [name, part, whole] of ratios) {
  const ratio = whole === 0 ? 'n/a' : (part / whole).toFixed(4);
  console.log(`${name.padEnd(42)} ${ratio.padStart(8)}   (${part}/${whole})`);
}
if (requests === 0 && started === 0) {
  console.error(
    'ratios: no run event in the input; pipe the JSON log lines of the API and the worker into it',
  );
  process.exit(1);
}
