/**
 * `npm run queue:rebuild [-- --from-empty]`: gives every queued and waiting run that has no job in Redis its job again.
 * With `--from-empty` the queue's keys are removed first. Safe beside API and workers, and to repeat. Exits 0 when every
 * run has its job, 1 when Postgres or Redis did not answer, 64 for an unknown option, 78 for the configuration.
 */
import { existsSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ConfigError, readConfig, type Config } from '../lib/config.ts';
import { openDatabase } from '../lib/db/client.ts';
import { openProducer, type Producer } from '../lib/queue/producer.ts';
import { emptyQueue, rebuildQueue, type Rebuilt } from '../lib/queue/rebuild.ts';
import { EXIT_CONFIG, reasonOf } from './migrations/command-line.ts';

/** How long the first connection to Redis may take. */
const MAX_CONNECT_MS = 3000;
const POLL_MS = 50;
/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

const print = (line: string): boolean => process.stdout.write(`queue:rebuild: ${line}\n`);
const complain = (line: string): boolean => process.stderr.write(`queue:rebuild: ${line}\n`);

const tell = ({ lookedAt, added }: Rebuilt): boolean =>
  print(`${lookedAt} runs looked at, ${added} jobs added`);

/** @throws when Redis does not take writes */
async function untilUp(queue: Producer): Promise<void> {
  const deadline = performance.now() + MAX_CONNECT_MS;
  for (;;) {
    const state = queue.state();
    if (state.kind === 'up') return;
    if (performance.now() > deadline) {
      throw new Error(`Redis is not available: ${state.kind === 'down' ? state.reason : 'timeout'}`);
    }
    await sleep(POLL_MS);
  }
}

async function rebuild(config: Config, fromEmpty: boolean): Promise<void> {
  const sql = openDatabase({
    url: config.databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    max: 1,
    prepare: config.databasePrepare,
    name: 'vespid-queue-rebuild',
  });
  const queue = openProducer({
    url: config.redisUrl,
    queueName: config.queueName,
    timeoutMs: config.enqueueTimeoutMs,
    name: 'vespid-queue-rebuild',
  });
  try {
    await untilUp(queue);
    if (fromEmpty) print(`${await emptyQueue(queue.redis, config.queueName)} keys removed`);
    const done = await rebuildQueue({ sql, config, queue }, tell);
    tell(done);
    print('done: every run that is to have a job has one');
  } finally {
    await Promise.all([queue.close(), sql.end({ timeout: 1 })]);
  }
}

async function main(options: readonly string[]): Promise<number> {
  const unknown = options.find((option) => option !== '--from-empty');
  if (unknown !== undefined) {
    complain(`"${unknown}" is not known; the only option is --from-empty`);
    return EXIT_USAGE;
  }
  try {
    await rebuild(readConfig(process.env), options.length > 0);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const { name, message } of error.problems) complain(`${name} ${message}`);
      return EXIT_CONFIG;
    }
    complain(reasonOf(error));
    return 1;
  }
}

const started = process.argv[1];
if (
  started !== undefined &&
  existsSync(started) &&
  import.meta.url === pathToFileURL(realpathSync(started)).href
) {
  process.exitCode = await main(process.argv.slice(2));
}
