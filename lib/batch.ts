/**
 * Micro-batches (design, section 4): what can share a statement does. A batch is what gathered while those before it were
 * in flight, so nothing waits for company; what comes alone goes alone, at the end of the same turn of the event loop.
 */

export interface BatchOptions<Item, Result> {
  /**
   * Sends a batch.
   * @returns one result an item, in their order
   */
  send(items: readonly Item[]): Promise<readonly Result[]>;
  /** Most items of a batch. */
  maxItems: number;
  /** Most bytes of a batch, together with `sizeOf`; one item alone may be larger. */
  maxBytes?: number;
  /** Bytes of an item, roughly. */
  sizeOf?(item: Item): number;
  /** Batches that are under way at a time. */
  maxInFlight: number;
  /** What has not been sent after so long is rejected with what `late` makes, ms, and never sent. */
  maxWaitMs: number;
  late(): Error;
  /** Whether the items of a batch that has failed so are tried alone, so that a bad one does not fail its neighbours. */
  isolates(error: unknown): boolean;
}

export interface Batcher<Item, Result> {
  /** Resolves with the item's result. Rejects with what `send` did, alone if its failure is one to isolate. */
  add(item: Item): Promise<Result>;
}

interface Waiting<Item, Result> {
  item: Item;
  /** performance.now() after which it is too late to send it. */
  expiresAt: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

class Gatherer<Item, Result> implements Batcher<Item, Result> {
  readonly #options: BatchOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #inFlight = 0;
  #isScheduled = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: BatchOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const expiresAt = performance.now() + this.#options.maxWaitMs;
      this.#waiting.push({ item, expiresAt, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    if (this.#inFlight >= this.#options.maxInFlight) return this.#watchExpiry();
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#rejectLate();
      while (this.#waiting.length > 0 && this.#inFlight < this.#options.maxInFlight) void this.#sendNext();
      this.#schedule();
    });
  }

  /** The first that wait, within the caps. */
  #take(): Waiting<Item, Result>[] {
    const { maxItems, maxBytes = Number.POSITIVE_INFINITY, sizeOf } = this.#options;
    let bytes = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      bytes += sizeOf?.(item) ?? 0;
      if (count === maxItems || (count > 0 && bytes > maxBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #sendNext(): Promise<void> {
    const batch = this.#take();
    this.#inFlight += 1;
    try {
      await this.#send(batch);
    } finally {
      this.#inFlight -= 1;
      this.#schedule();
    }
  }

  async #send(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.send(batch.map(({ item }) => item));
      if (results.length !== batch.length)
        throw new Error('a batch has another number of results than items');
      for (const [index, { resolve }] of batch.entries()) {
        // As many results as items, so there is one.
        resolve(results[index] as Result);
      }
    } catch (error) {
      if (batch.length > 1 && this.#options.isolates(error)) {
        await Promise.all(batch.map((waiting) => this.#send([waiting])));
      } else for (const { reject } of batch) reject(error);
    }
  }

  /** Also before a batch goes: in a busy process the timer comes late. */
  #rejectLate(): void {
    const now = performance.now();
    const inTime = this.#waiting.findIndex(({ expiresAt }) => expiresAt > now);
    if (inTime === 0) return;
    const late = this.#waiting.splice(0, inTime === -1 ? this.#waiting.length : inTime);
    for (const { reject } of late) reject(this.#options.late());
  }

  #watchExpiry(): void {
    const [first] = this.#waiting;
    if (this.#expiry !== undefined || first === undefined) return;
    this.#expiry = setTimeout(
      () => {
        this.#expiry = undefined;
        this.#rejectLate();
        this.#schedule();
      },
      Math.max(1, first.expiresAt - performance.now()),
    );
  }
}

export const createBatcher = <Item, Result>(options: BatchOptions<Item, Result>): Batcher<Item, Result> =>
  new Gatherer(options);
