/** The job's shape: ids only, under 300 bytes. Everything else is read from Postgres by the claim. */
import * as v from 'valibot';
import { OLDEST_FORMAT } from '../formats.ts';

const payload = v.object({
  /** The format that a worker must read to work on the run (lib/formats.ts). */
  f: v.pipe(v.number(), v.integer()),
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
  /** The format that a worker must read to work on the run (lib/formats.ts). */
  format: number;
}

/** BullMQ job ids take no `:`. Each generation has its own: a finished job's id would swallow a re-add. */
export const jobId = (runId: string, generation: number): string => `${runId}-${generation}`;

export const toPayload = (job: RunJob): JobPayload => ({
  f: job.format,
  runId: job.runId,
  orgId: job.orgId,
  generation: job.generation,
});

/**
 * The job's priority in BullMQ, its class: 1 is the most urgent (0 would be served before all others). A run that goes on
 * comes before those of its priority that have not begun. Who goes when is decided by order-scripts.ts.
 */
export const toQueuePriority = ({ priority, generation }: Pick<RunJob, 'priority' | 'generation'>): number =>
  (9 - priority) * 2 + (generation > 0 ? 1 : 2);

/** `unknown_format`: written by a release this one does not know; `malformed`: nobody can ever read it. */
export type ParsedPayload =
  { ok: true; payload: JobPayload } | { ok: false; problem: 'unknown_format' | 'malformed' };

/** @param maxFormat the newest format that this worker takes */
export function parsePayload(data: unknown, maxFormat: number): ParsedPayload {
  const format = typeof data === 'object' && data !== null && 'f' in data ? data.f : undefined;
  if (typeof format === 'number' && (format > maxFormat || format < OLDEST_FORMAT)) {
    return { ok: false, problem: 'unknown_format' };
  }
  const result = v.safeParse(payload, data);
  return result.success ? { ok: true, payload: result.output } : { ok: false, problem: 'malformed' };
}
