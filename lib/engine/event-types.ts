/** Events as the interpreter knows them, and its port to those of the org. */
import type { Json } from '../jq/index.ts';

/** An event in the JSON format of CloudEvents 1.0. */
export type CloudEvent = { [attribute: string]: Json };

/** One filter of a listener, with everything that can be known when it is registered. */
export interface ListenFilter {
  /**
   * Attributes that the event must have, as in the definition (`with`). Expressions in it read the event alone; what
   * needs variables of the run is left out, and looked at by the run.
   */
  with: { [attribute: string]: Json };
  /** By name: an expression on the event, and the value that it must have; absent while any will do. */
  correlate: { [name: string]: { from: string; expect?: Json } };
}

/** An event that was collected for a listener. */
export interface CollectedEvent {
  /** Grows from event to event of a listener. */
  seq: number;
  event: CloudEvent;
}

/** Events of the org that the run belongs to. */
export interface Events {
  /** Stores an event, once: one with the same `source` and `id` changes nothing. */
  emit(event: CloudEvent): Promise<void>;
  /**
   * Begins to collect the events that pass at least one of the filters, each once; again for the same key, these filters
   * count from now on, and what was collected stays. An event that is collected signals the run.
   * @param key names the listener in the run: the idempotency key of its task
   */
  listen(key: string, filters: readonly ListenFilter[]): Promise<void>;
  /** What was collected beyond `afterSeq`, in order, at most some hundreds at a time. It may not pass after all. */
  collected(key: string, afterSeq: number): Promise<CollectedEvent[]>;
  /** Collects no longer, and forgets what was collected. */
  close(key: string): Promise<void>;
}
