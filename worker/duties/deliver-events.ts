/**
 * Sends events to their subscribers, each at least once. A claim is a lease: what a worker takes and never tells the
 * outcome of, for it crashed, is sent again under the same id.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  claimDeliveries,
  markDelivered,
  markFailed,
  type ClaimedDelivery,
} from '../../lib/db/events/deliveries.ts';
import { disableSubscription, disableUnreachable } from '../../lib/db/events/subscriptions.ts';
import { bounded } from '../../lib/db/failure.ts';
import { retryDelayMs } from '../../lib/subscriptions/retry.ts';
import type { WorkerDeps } from '../deps.ts';
import { attemptDelivery, type Attempted } from './delivery.ts';
import { DeliveryRoom, type RoomLimits } from './delivery-room.ts';
import type { Duty } from './duty.ts';

export interface DeliverySettings extends RoomLimits {
  /** Pause when nothing is due. */
  everyMs: number;
  /** One attempt. */
  timeoutMs: number;
  /** Longer than the timeout and the write of the outcome. */
  leaseMs: number;
  /** So many deliveries given up, and none that arrived since they were made, disable the subscription. */
  maxFailed: number;
}

const SETTINGS: DeliverySettings = {
  maxInFlight: 32,
  maxPerOrg: 12,
  maxPerSubscription: 4,
  everyMs: 500,
  timeoutMs: 15_000,
  leaseMs: 30_000,
  maxFailed: 5,
};

/** Due deliveries that one claim looks at. */
const WINDOW = 500;
/** How long to wait for the end of a delivery before the next look. */
const MAX_WAIT_MS = 250;

type DeliveryDeps = Pick<WorkerDeps, 'sql' | 'config' | 'egress' | 'keyring' | 'log'>;

class Deliverer {
  readonly #deps: DeliveryDeps;
  readonly #settings: DeliverySettings;
  readonly #room: DeliveryRoom;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: DeliveryDeps, settings: DeliverySettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#room = new DeliveryRoom(settings);
  }

  /** Begins what is due and fits. Answers whether more may be due. */
  async tick(): Promise<boolean> {
    const room = this.#room;
    const looked = room.free() > 0 ? await this.#claim() : 0;
    const isCrowded = room.free() <= 0 || room.fullIds().length > 0;
    if (looked === 0 && !isCrowded) return false;
    if (looked < WINDOW || isCrowded) {
      await Promise.race([...this.#underWay, sleep(MAX_WAIT_MS, undefined, { ref: false })]);
    }
    return true;
  }

  /** Claims and begins. Answers how many due deliveries it has looked at. */
  async #claim(): Promise<number> {
    const { sql, config } = this.#deps;
    const { maxPerOrg, maxPerSubscription, leaseMs } = this.#settings;
    const room = this.#room;
    const closedIds = [...room.fullIds(), ...room.restingIds(performance.now())];
    const query = claimDeliveries(sql, {
      window: WINDOW,
      limit: room.free(),
      maxPerOrg,
      maxPerSubscription,
      held: room.held(),
      closedIds,
      leaseMs,
    });
    const rows = await bounded(query, config.databaseTimeoutMs);
    for (const row of rows) if (row.subscription_id !== null) this.#begin(row);
    return rows[0]?.looked ?? 0;
  }

  #begin(delivery: ClaimedDelivery): void {
    const recipient = { orgId: delivery.org_id, subscriptionId: delivery.subscription_id };
    this.#room.enter(recipient);
    const work = this.#deliver(delivery)
      // The outcome is lost (Postgres is away): the lease ends and the event is sent again.
      .catch((error: unknown) => this.#deps.log.debug({ err: error }, 'a delivery: sent again later'))
      .finally(() => {
        this.#room.leave(recipient);
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  async #deliver(delivery: ClaimedDelivery): Promise<void> {
    const { sql, config } = this.#deps;
    const startedAt = performance.now();
    const attempted = await attemptDelivery(this.#deps, delivery, this.#settings.timeoutMs);
    if (attempted.kind === 'delivered') {
      await bounded(markDelivered(sql, delivery, attempted.status), config.databaseTimeoutMs);
      return;
    }
    const nowMs = performance.now();
    this.#room.rest(delivery.subscription_id, nowMs - startedAt, nowMs);
    await this.#fail(delivery, attempted);
  }

  async #fail(
    delivery: ClaimedDelivery,
    attempted: Exclude<Attempted, { kind: 'delivered' }>,
  ): Promise<void> {
    const { sql, config } = this.#deps;
    const { status, error } = attempted;
    const firstMs = config.eventRetryBackoffMs;
    const delayMs =
      attempted.kind === 'gone'
        ? null
        : retryDelayMs(firstMs, delivery.attempt_count, attempted.retryAfterMs, Math.random());
    await bounded(markFailed(sql, delivery, { status, error, delayMs }), config.databaseTimeoutMs);
    if (delayMs === null) await this.#mayDisable(delivery, attempted);
  }

  async #mayDisable(
    delivery: ClaimedDelivery,
    { kind, error }: Attempted & { error: string },
  ): Promise<void> {
    const { sql, config, log } = this.#deps;
    const { subscription_id: subscriptionId, org_id: orgId } = delivery;
    const { maxFailed } = this.#settings;
    const reason =
      kind === 'gone'
        ? 'the endpoint answered 410 (Gone)'
        : `${maxFailed} events were given up and none arrived meanwhile; the last attempt: ${error}`;
    const query =
      kind === 'gone'
        ? disableSubscription(sql, subscriptionId, reason)
        : disableUnreachable(sql, subscriptionId, maxFailed, reason);
    const disabled = await bounded(query, config.databaseTimeoutMs);
    if (disabled.length > 0) log.warn({ event: 'subscription_disabled', orgId, subscriptionId, reason });
  }
}

/** @returns the duty of every worker */
export function createDeliverEvents(deps: DeliveryDeps, settings: Partial<DeliverySettings> = {}): Duty {
  const all = { ...SETTINGS, ...settings };
  const deliverer = new Deliverer(deps, all);
  return {
    name: 'deliver-events',
    everyMs: all.everyMs,
    who: 'everyone',
    tick: () => deliverer.tick(),
  };
}
