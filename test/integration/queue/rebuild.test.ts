/** `npm run queue:rebuild`: an empty Redis costs nothing but this command; and Redis holds what is queued, not what was done. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keys } from '../../../lib/queue/connection.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { countJobs, QUEUE_NAME } from '../../support/redis-jobs.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

/** Of the queue when nothing is in it: its settings and counters, one stream of a fixed length, and our own marks. */
const MAX_EMPTY_KEYS = 12;

let stack: WorkerStack;
beforeAll(async () => {
  stack = await openWorkerStack();
});
afterAll(async () => stack.close());

async function rebuild(options: string[] = [], env: Record<string, string> = stack.env) {
  const root = join(import.meta.dirname, '../../..');
  const args = ['--import', 'tsx', join(root, 'scripts/queue-rebuild.ts'), ...options];
  const child = spawn(process.execPath, args, { cwd: root, env: { PATH: process.env['PATH'], ...env } });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}

/** Runs that were accepted and have no job any more. */
async function insert(count: number, delay: string | null = null): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await stack.sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, accepted, next_attempt_at)
    SELECT n.id, ${stack.org.orgId}::uuid, ${stack.workflowId}::uuid, 1, 'api', 'test', 3, true, now() + ${delay}::interval
    FROM unnest(${`{${ids.join(',')}}`}::uuid[]) AS n(id)`;
  return ids;
}

const queueKeys = () => onRedis(stack.redis.url, (redis) => redis.keys(keys(QUEUE_NAME).job('*')));

it('gives every queued and delayed run its job, none of them twice, and all of them end', async () => {
  const due = await insert(700);
  const delayed = await insert(5, '1 hour');
  const first = await rebuild();
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out.split('\n').filter((line) => line !== '')).toEqual([
    'queue:rebuild: 500 runs looked at, 500 jobs added',
    'queue:rebuild: 705 runs looked at, 705 jobs added',
    'queue:rebuild: done: every run that is to have a job has one',
  ]);
  expect(await countJobs(stack.redis.url)).toBe(705);
  expect((await rebuild()).out).toContain('705 runs looked at, 0 jobs added');
  const again = await rebuild(['--from-empty']);
  expect(again.out).toMatch(/\d{3} keys removed\n(.*\n)*.*705 runs looked at, 705 jobs added/);
  expect(await countJobs(stack.redis.url)).toBe(705);
  await Promise.all(delayed.map((id) => stack.org.cancel(id)));
  const worker = await stack.startWorker();
  expect(new Set(await stack.allEnded(due, 40_000))).toEqual(new Set(['succeeded']));
  await worker.stop();
});

it('from an empty queue beside a worker loses nothing and runs nothing twice', async () => {
  const worker = await stack.startWorker();
  const answers = await stack.org.batch(
    stack.workflowId,
    Array.from({ length: 300 }, (_, n) => ({ input: n % 3 === 0 ? { pauseMs: 1 } : n })),
  );
  const ids = answers.body.items.map(({ run }) => run?.id ?? '');
  expect(await rebuild(['--from-empty'])).toMatchObject({ code: 0 });
  expect(new Set(await stack.allEnded(ids, 40_000))).toEqual(new Set(['succeeded']));
  await stack.expectInvariants();
  await waitUntil(async () => (await countJobs(stack.redis.url)) === 0, { what: 'no job is left' });
  await worker.stop();
});

it('after a thousand runs Redis holds a handful of keys', async () => {
  const left = await waitUntil(
    async () => {
      const found = await queueKeys();
      if (found.length > MAX_EMPTY_KEYS) throw new Error(found.slice(0, 20).join(' '));
      return found;
    },
    { what: 'the keys of the jobs are gone' },
  );
  expect(left.filter((key) => /[0-9a-f]{8}-[0-9a-f]{4}-7/.test(key))).toEqual([]);
});

it('says what is wrong, and with which exit code', async () => {
  const unreachable = { ...stack.env, REDIS_URL: 'redis://127.0.0.1:1' };
  const [option, config, redis] = await Promise.all([
    rebuild(['--all']),
    rebuild([], { REDIS_URL: 'redis://127.0.0.1:1' }),
    rebuild([], unreachable),
  ]);
  expect(option).toMatchObject({ code: 64, err: expect.stringContaining('--from-empty') });
  expect(config).toMatchObject({ code: 78, err: expect.stringContaining('DATABASE_URL is required') });
  expect(redis).toMatchObject({
    code: 1,
    err: expect.stringContaining('Redis is not available: connection'),
  });
});
