/** The job of a parent that the end of a child has made due. */
import type { Config } from '../config.ts';
import type { WokenParent } from '../db/runs/children.ts';
import { OLDEST_FORMAT } from '../formats.ts';
import type { Producer } from '../queue/producer.ts';

/** Should the queue be away, the reconciler adds the job later. */
export async function enqueueWoken(
  { queue, config }: { queue: Producer; config: Pick<Config, 'enqueueTimeoutMs'> },
  orgId: string,
  woken: Partial<WokenParent>,
): Promise<void> {
  const { parent_id: runId, parent_generation: generation, parent_priority: priority } = woken;
  const format = woken.parent_format ?? OLDEST_FORMAT;
  if (typeof runId !== 'string' || typeof generation !== 'number') return;
  const job = { runId, orgId, generation, priority: priority ?? 5, delayMs: 0, format };
  await queue.enqueue(job, config.enqueueTimeoutMs);
}
