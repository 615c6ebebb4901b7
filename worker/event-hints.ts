/** Hears that an event was stored, so that it need not wait for the next poll. */
import { keys, openRedis, patientOptions } from '../lib/queue/connection.ts';
import type { WorkerDeps } from './deps.ts';

/** Calls `wake` for every event, or batch, that is stored while Redis is up; on a connection of its own. */
export function listenForEventHints(
  { config }: Pick<WorkerDeps, 'config'>,
  wake: () => void,
): { close(): void } {
  const subscriber = openRedis(config.redisUrl, patientOptions('vespid-event-hints'), () => {});
  subscriber.on('message', wake);
  // ioredis subscribes again after every reconnect.
  subscriber.subscribe(keys(config.queueName).eventHints).catch(() => {});
  return { close: () => subscriber.disconnect() };
}
