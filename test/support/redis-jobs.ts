/** What a queue has in Redis. */
import { keys } from '../../lib/queue/connection.ts';
import { onRedis } from './redis-faults.ts';

/** Of every queue of the tests: each file has a Redis of its own. */
export const QUEUE_NAME = 'workflow-runs';

/** How many jobs Redis holds, in whatever state. */
export const countJobs = (redisUrl: string, queueName = QUEUE_NAME): Promise<number> =>
  onRedis(redisUrl, async (client) => {
    const { job: key } = keys(queueName);
    const [lists, sets] = [
      ['wait', 'active', 'paused'],
      ['prioritized', 'delayed'],
    ];
    const lengths = await Promise.all(lists.map((name) => client.llen(key(name))));
    const sizes = await Promise.all(sets.map((name) => client.zcard(key(name))));
    return [...lengths, ...sizes].reduce((total, count) => total + count, 0);
  });
