/** What every queue offers to the producer and the worker. */

export interface Payload {
  /** When it was asked for, ms since 1970. */
  sentAtMs: number;
}

export interface Producer {
  add(payload: Payload): Promise<unknown>;
  /** Jobs that have not ended. */
  unfinished(): Promise<number>;
}

export interface Queue {
  openProducer(url: string): Promise<Producer>;
  /** @param onJob is all that the handler does */
  openWorker(url: string, onJob: (payload: Payload) => void): Promise<void>;
}

/** @throws {Error} for a name that is none. */
export async function loadQueue(name: string | undefined): Promise<Queue> {
  switch (name ?? '') {
    case 'bullmq':
      return (await import('./bullmq.ts')).queue;
    case 'graphile-worker':
      return (await import('./graphile-worker.ts')).queue;
    case 'pg-boss':
      return (await import('./pg-boss.ts')).queue(true);
    case 'pg-boss-polling':
      return (await import('./pg-boss.ts')).queue(false);
    default:
      throw new Error(`There is no queue ${name ?? ''}.`);
  }
}
