/** Events of an org in memory: what is emitted or arrives goes to the listeners whose filters it passes. */
import type { CloudEvent, CollectedEvent, Events, ListenFilter } from '../../lib/engine/types.ts';
import { compileListenFilter } from '../../lib/tasks/events/filter.ts';

interface Listener {
  filters: ListenFilter[];
  collected: CollectedEvent[];
}

/** What outlives a process. */
interface World {
  events: CloudEvent[];
  listeners: [key: string, listener: Listener][];
  closed: string[];
  /** What arrives, one each time the run is parked. */
  arriving: CloudEvent[];
  seq: number;
}

export class FakeEvents implements Events {
  world: World = { events: [], listeners: [], closed: [], arriving: [], seq: 0 };
  /** How many events `collected` gives at once. */
  pageSize = 2;
  /** Called before and after each change: a process may die there. */
  readonly #reach: () => void;
  readonly #now: () => number;

  constructor(reach: () => void, now: () => number) {
    this.#reach = reach;
    this.#now = now;
  }

  async emit(event: CloudEvent): Promise<void> {
    this.#reach();
    this.publish(event);
    this.#reach();
  }

  async listen(key: string, filters: readonly ListenFilter[]): Promise<void> {
    this.#reach();
    const known = this.listener(key);
    if (known !== undefined) known.filters = structuredClone([...filters]);
    else this.world.listeners.push([key, { filters: structuredClone([...filters]), collected: [] }]);
    this.#reach();
  }

  async collected(key: string, afterSeq: number): Promise<CollectedEvent[]> {
    const all = this.listener(key)?.collected ?? [];
    return structuredClone(all.filter(({ seq }) => seq > afterSeq).slice(0, this.pageSize));
  }

  async close(key: string): Promise<void> {
    this.#reach();
    this.world.listeners = this.world.listeners.filter(([other]) => other !== key);
    if (!this.world.closed.includes(key)) this.world.closed.push(key);
    this.#reach();
  }

  listener(key: string): Listener | undefined {
    return this.world.listeners.find(([other]) => other === key)?.[1];
  }

  /** Stores an event, once, and gives it to those who listen. */
  publish(event: CloudEvent): void {
    const { events, listeners } = this.world;
    if (events.some(({ id, source }) => id === event['id'] && source === event['source'])) return;
    events.push(structuredClone(event));
    for (const [, { filters, collected }] of listeners) {
      if (!filters.some((filter) => compileListenFilter(filter).matches(event, this.#now()))) continue;
      this.world.seq += 1;
      collected.push({ seq: this.world.seq, event: structuredClone(event) });
    }
  }

  /** Publishes the next event that arrives; false when there is none. */
  next(): boolean {
    const event = this.world.arriving.shift();
    if (event !== undefined) this.publish(event);
    return event !== undefined;
  }
}
