/** Faults of Redis itself. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { full, onRedis } from '../../support/redis-faults.ts';
import type { PlannedFault } from '../plan.ts';
import type { NemesisStack } from '../stack/index.ts';

const SECOND_MS = 1000;

/** Killed; an empty new one takes its place. */
export async function killAndEmpty({ redis, redisDir }: NemesisStack, fault: PlannedFault): Promise<string> {
  await redis.kill('SIGKILL');
  rmSync(join(redisDir, 'dump.rdb'), { force: true });
  await sleep(fault.lastsMs);
  await redis.restart();
  return 'empty afterwards';
}

/** Ended in order, and started again with the data it had. */
export async function restart({ redis }: NemesisStack, fault: PlannedFault): Promise<string> {
  await onRedis(redis.url, (client) => client.save());
  await redis.kill('SIGTERM');
  await sleep(fault.lastsMs);
  await redis.restart();
  return 'with its data';
}

/** Killed a second after its last snapshot, to which it goes back: as with `appendfsync everysec`. */
export async function loseLastSecond({ redis }: NemesisStack, fault: PlannedFault): Promise<string> {
  await onRedis(redis.url, (client) => client.save());
  await sleep(SECOND_MS);
  await redis.kill('SIGKILL');
  await sleep(fault.lastsMs);
  await redis.restart();
  return 'a second older';
}

export async function pause({ redis }: NemesisStack, fault: PlannedFault): Promise<string> {
  await redis.kill('SIGSTOP');
  await sleep(fault.lastsMs);
  await redis.kill('SIGCONT');
  return 'what was sent arrives late';
}

export async function flush({ redis }: NemesisStack): Promise<string> {
  await onRedis(redis.url, (client) => client.flushall());
  return 'every key gone';
}

/** `maxmemory` reached with `noeviction`: every write is refused. */
export async function fill({ redis }: NemesisStack, fault: PlannedFault): Promise<string> {
  const filling = full(redis);
  await filling.begin();
  await sleep(fault.lastsMs);
  await filling.end();
  return 'writes refused';
}
