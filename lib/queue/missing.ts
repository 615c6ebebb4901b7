/** Which runs have no job in the queue. */
import type { Redis } from 'ioredis';
import { keys } from './connection.ts';
import { jobId } from './job.ts';

/**
 * Those of the runs whose job, of their present generation, is not in Redis; one round trip.
 * @throws when Redis is away
 */
export async function withoutJob<Row extends { id: string; generation: number }>(
  redis: Redis,
  queueName: string,
  rows: readonly Row[],
): Promise<Row[]> {
  if (rows.length === 0) return [];
  const { job: key } = keys(queueName);
  const pipeline = redis.pipeline();
  for (const row of rows) pipeline.exists(key(jobId(row.id, row.generation)));
  const results = (await pipeline.exec()) ?? [];
  const failed = results.find(([error]) => error)?.[0];
  if (failed) throw failed;
  return rows.filter((_row, index) => results[index]?.[1] === 0);
}
