/** The job's shape: ids only, under 300 bytes. Everything else is read from Postgres by the claim. */
import * as v from 'valibot';

/** Format of the payload that this release writes and reads. */
const FORMAT = 1;

const payload = v.object({
  f: v.literal(FORMAT),
  runId: v.pipe(v.string(), v.uuid()),
  orgId: v.pipe(v.string(), v.uuid()),
  generation: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

export type JobPayload = v.InferOutput<typeof payload>;

/** A run to put into the queue. */
export interface RunJob {
  runId: string;
  orgId: string;
  generation: number;
  /** 0..9, 9 first. */
  priority: number;
  /** Not before so many milliseconds from now; 0 for at once. */
  delayMs: number;
}

/** BullMQ job ids take no `:`. Each generation has its own: a finished job's id would swallow a re-add. */
export const jobId = (runId: string, generation: number): string => `${runId}-${generation}`;

export const toPayload = (job: RunJob): JobPayload => ({
  f: FORMAT,
  runId: job.runId,
  orgId: job.orgId,
  generation: job.generation,
});

/** BullMQ serves priority 0 before all others and orders 1.. ascending, so 9 becomes 1 and 0 becomes 10. */
export const toQueuePriority = (priority: number): number => 10 - priority;

/** `unknown_format`: written by a release this one does not know; `malformed`: nobody can ever read it. */
export type ParsedPayload =
  { ok: true; payload: JobPayload } | { ok: false; problem: 'unknown_format' | 'malformed' };

export function parsePayload(data: unknown): ParsedPayload {
  const result = v.safeParse(payload, data);
  if (result.success) return { ok: true, payload: result.output };
  const format = typeof data === 'object' && data !== null && 'f' in data ? data.f : undefined;
  return {
    ok: false,
    problem: typeof format === 'number' && format !== FORMAT ? 'unknown_format' : 'malformed',
  };
}
