/**
 * The events that a `listen` has consumed, as they are read: what `until` is asked about, and the output without
 * `foreach`. The tree holds their numbers alone; the events stay where they were collected until the task is over.
 */
import type { Frame } from '../../engine/frame.ts';
import type { CloudEvent, CollectedEvent, Json } from '../../engine/types.ts';
import { jsonSizeAtMost } from '../../jq/index.ts';
import { readEvent, type ReadAs } from './data.ts';

/** Of all of them together, as JSON. */
const MAX_BYTES = 16 << 20;

export class Consumed {
  readonly #as: ReadAs;
  readonly #items: Json[] = [];
  #bytes = 0;

  constructor(as: ReadAs) {
    this.#as = as;
  }

  /**
   * Those that an earlier execution has consumed.
   * @param seqs their numbers, ascending
   * @throws {WorkflowError} when one is no longer there
   */
  static async load(as: ReadAs, frame: Frame, seqs: readonly number[]): Promise<Consumed> {
    const consumed = new Consumed(as);
    const wanted = new Set(seqs);
    for (let last = 0; wanted.size > 0;) {
      const batch = await collect(frame, last);
      for (const { seq, event } of batch) if (wanted.delete(seq)) consumed.add(event, frame);
      if (batch.length === 0) throw frame.fail('runtime', 'An event that was consumed is no longer kept.');
      last = batch.at(-1)?.seq ?? last;
    }
    return consumed;
  }

  /** @throws {WorkflowError} when they are too large */
  add(event: CloudEvent, frame: Frame): void {
    const item = readEvent(event, this.#as);
    this.#bytes += jsonSizeAtMost(item, MAX_BYTES);
    if (this.#bytes > MAX_BYTES) {
      throw frame.fail(
        'runtime',
        `The events that were consumed have more than ${MAX_BYTES} bytes together.`,
      );
    }
    this.#items.push(item);
  }

  /** In the order of their consumption; not to be changed. */
  get items(): Json[] {
    return this.#items;
  }
}

/** The next events that were collected for the task, beyond `afterSeq`. @throws {Unwind} */
export async function collect(frame: Frame, afterSeq: number): Promise<CollectedEvent[]> {
  const { run, ports, bounds } = frame;
  if (ports.signal.aborted) bounds.check();
  const batch = await run.interruptible(ports.events.collected(frame.idempotencyKey, afterSeq), bounds);
  // Before anything else: what is cut off tidies up, also while the worker stops.
  bounds.check();
  run.wake();
  return batch;
}
