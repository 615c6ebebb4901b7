/** The settings of both processes of the usual design. Pool and concurrency are Vespid's defaults. */
import { pino } from 'pino';
import postgres from 'postgres';

export const QUEUE_NAME = 'runs';

/** What a job carries. */
export interface RunJob {
  runId: string;
  orgId: string;
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is required`);
  return value;
}

export const settings = {
  databaseUrl: required('DATABASE_URL'),
  redisUrl: required('REDIS_URL'),
  port: Number(process.env['PORT'] ?? 8080),
  databasePoolMax: Number(process.env['DATABASE_POOL_MAX'] ?? 10),
  concurrency: Number(process.env['WORKFLOW_QUEUE_CONCURRENCY'] ?? 50),
};

export const log = pino({ level: process.env['LOG_LEVEL'] ?? 'info' });
export const sql = postgres(settings.databaseUrl, { max: settings.databasePoolMax, onnotice: () => {} });
