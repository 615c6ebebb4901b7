/** A folder and a Redis program for what runs test/nemesis outside of `npm test`. */
import { join } from 'node:path';
import type { Lifetime } from '../stack/lifetime.ts';
import { findRedisServer } from '../stack/redis.ts';
import { say, step } from '../stack/say.ts';
import { makeTestFolder, removeTestFolder } from '../stack/test-folder.ts';

/** Sets the variables that the helpers of the tests read, as `npm test` does. */
export async function prepareFaults(root: string, lifetime: Lifetime): Promise<void> {
  const { signal } = lifetime;
  const toolsDir = join(root, '.vespid');
  const dir = await makeTestFolder(toolsDir);
  lifetime.onClose('test folder', () => removeTestFolder(dir));
  const tell = (line: string): void => say(`  ${line}`);
  const { command } = await step('finding a Redis', () => findRedisServer(tell, { toolsDir, signal }));
  Object.assign(process.env, { VESPID_TEST_REDIS_SERVER: command, VESPID_TEST_DIR: dir });
}
