/**
 * Whom a worker delivers to at the same time. One org, or one endpoint that answers slowly, must not take the room
 * of the others: each has a share of it, and an endpoint that failed rests in proportion to the time it has cost.
 */

export interface RoomLimits {
  /** Deliveries under way: in all, of one org, and of one subscription. */
  maxInFlight: number;
  maxPerOrg: number;
  maxPerSubscription: number;
}

/** An endpoint that cost a second by failing is left alone for so many seconds by this worker. */
const REST_FACTOR = 10;
/** A failure that is quicker costs next to nothing. */
const MIN_COST_MS = 250;

/** Whose delivery it is. */
export interface Recipient {
  orgId: string;
  subscriptionId: string;
}

const add = (counts: Map<string, number>, id: string, change: 1 | -1): void => {
  const count = (counts.get(id) ?? 0) + change;
  if (count > 0) counts.set(id, count);
  else counts.delete(id);
};

const idsWith = (counts: Map<string, number>, min: number): string[] =>
  [...counts].filter(([, count]) => count >= min).map(([id]) => id);

export class DeliveryRoom {
  readonly #limits: RoomLimits;
  readonly #byOrg = new Map<string, number>();
  readonly #bySubscription = new Map<string, number>();
  /** Subscriptions that rest, and until when. */
  readonly #rests = new Map<string, number>();
  #total = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /** How many more may begin. */
  free(): number {
    return this.#limits.maxInFlight - this.#total;
  }

  /** How many are under way, by the ids of orgs and of subscriptions. */
  held(): Record<string, number> {
    return Object.fromEntries([...this.#byOrg, ...this.#bySubscription]);
  }

  /** Orgs and subscriptions that have all they may have. */
  fullIds(): string[] {
    const { maxPerOrg, maxPerSubscription } = this.#limits;
    return [...idsWith(this.#byOrg, maxPerOrg), ...idsWith(this.#bySubscription, maxPerSubscription)];
  }

  /** Subscriptions that rest. @param nowMs by a monotonic clock */
  restingIds(nowMs: number): string[] {
    for (const [id, untilMs] of this.#rests) if (untilMs <= nowMs) this.#rests.delete(id);
    return [...this.#rests.keys()];
  }

  enter({ orgId, subscriptionId }: Recipient): void {
    this.#total += 1;
    add(this.#byOrg, orgId, 1);
    add(this.#bySubscription, subscriptionId, 1);
  }

  leave({ orgId, subscriptionId }: Recipient): void {
    this.#total -= 1;
    add(this.#byOrg, orgId, -1);
    add(this.#bySubscription, subscriptionId, -1);
  }

  /** An attempt has failed after `tookMs`. @param nowMs by the clock of `restingIds` */
  rest(subscriptionId: string, tookMs: number, nowMs: number): void {
    if (tookMs >= MIN_COST_MS) this.#rests.set(subscriptionId, nowMs + tookMs * REST_FACTOR);
  }
}
