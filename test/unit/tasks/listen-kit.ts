/** A run that listens, and the events that arrive while it waits. */
import type { CloudEvent, Json } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { RUN_ID, runToEnd, type Ran, type Setup } from '../../support/engine-run.ts';

/** The key of the task in `listening`. */
export const KEY = `${RUN_ID}/do/0/l`;

let count = 0;

/** An event of a type, with data and other attributes. */
export function event(type: string, data: Json = null, more: CloudEvent = {}): CloudEvent {
  count += 1;
  return { specversion: '1.0', id: String(count), source: 'test', type, data, ...more };
}

/**
 * YAML of a workflow with one task that listens.
 * @param to its strategy
 * @param more beside `to`
 * @param beside beside `listen`
 */
export const listening = (to: string, more = '', beside = ''): string =>
  `do: [ { l: { listen: { to: ${to}${more} }${beside} } } ]`;

/** Runs to the end; an event arrives each time the run is parked. */
export function runWith(text: string, arriving: CloudEvent[], setup: Setup = {}): Promise<Ran> {
  const ports = setup.ports ?? new FakePorts();
  ports.events.world.arriving.push(...arriving);
  return runToEnd(text, { ...setup, ports });
}

/** The output of a run that is expected to succeed. */
export async function outputWith(text: string, arriving: CloudEvent[], setup: Setup = {}): Promise<Json> {
  const { outcome } = await runWith(text, arriving, setup);
  if (outcome.kind !== 'succeeded') throw new Error(`not succeeded: ${JSON.stringify(outcome)}`);
  return outcome.output;
}
