/** Prometheus metrics of one process. */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { RUN_EVENTS, type RunEvent } from './events.ts';

export interface Metrics {
  /** Counts a structured event as `vespid_<event>_total`. */
  count(event: RunEvent): void;
  /** A request to create a run arrived (a batch counts each item): the base of the dashboard's ratios. */
  countRunCreateRequest(): void;
  /** A figure read when the metrics are rendered. */
  gauge(name: string, help: string, read: () => number): void;
  /** The text of `/metrics` and its content type. */
  render(): Promise<{ text: string; contentType: string }>;
}

export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map(
    RUN_EVENTS.map((event) => [
      event,
      new Counter({ name: `vespid_${event}_total`, help: `Log events ${event}`, registers: [registry] }),
    ]),
  );
  const requests = new Counter({
    name: 'vespid_run_create_requests_total',
    help: 'Requests to create a run that reached the queue decision; each batch item counts',
    registers: [registry],
  });
  return {
    count: (event) => counters.get(event)?.inc(),
    countRunCreateRequest: () => requests.inc(),
    gauge(name, help, read) {
      // Registers itself; its value is collected on demand.
      void new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}
