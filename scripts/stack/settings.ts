/** What the environment asks of the local stack. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface StackSettings {
  /** External services; undefined means that the stack starts its own. */
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  host: string;
  /** 0 picks a free one. */
  port: number;
  adminToken: string;
  /** undefined: the stack makes one for its data folder. */
  secretsKey: string | undefined;
  egressAllow: string;
  dataDir: string | undefined;
  /** Whether the services log the events that tell they are ready. */
  logsInfo: boolean;
  shutdownGraceMs: number;
}

const DEFAULT_PORT = 8080;
const DEFAULT_GRACE_MS = 8000;
const LOOPBACK = '127.0.0.0/8,::1';

/**
 * Reads the environment (contract, sections 6 and 7): `NAME`, or the file that `NAME_FILE` names.
 * @param defaultPort for when PORT says nothing.
 * @throws {Error} when PORT is no port.
 */
export function readSettings(env: NodeJS.ProcessEnv, defaultPort: number = DEFAULT_PORT): StackSettings {
  const read = (name: string): string | undefined => {
    const direct = env[name];
    if (direct !== undefined && direct !== '') return direct;
    const file = env[`${name}_FILE`];
    return file === undefined || file === '' ? undefined : readFileSync(file, 'utf8').trim();
  };
  const port = read('PORT') ?? String(defaultPort);
  if (!/^\d+$/.test(port) || Number(port) > 65_535)
    throw new Error('PORT must be a whole number from 0 to 65535.');
  const allowed = read('VESPID_EGRESS_ALLOW');
  return {
    databaseUrl: read('DATABASE_URL'),
    redisUrl: read('REDIS_URL'),
    host: read('HOST') ?? '127.0.0.1',
    port: Number(port),
    adminToken: read('VESPID_ADMIN_TOKEN') ?? randomBytes(24).toString('base64url'),
    secretsKey: read('VESPID_SECRETS_KEY'),
    egressAllow: allowed === undefined ? LOOPBACK : `${LOOPBACK},${allowed}`,
    dataDir: read('VESPID_DATA_DIR'),
    logsInfo: ['trace', 'debug', 'info'].includes(read('LOG_LEVEL') ?? 'info'),
    shutdownGraceMs: Number(read('SHUTDOWN_GRACE_MS') ?? DEFAULT_GRACE_MS) || DEFAULT_GRACE_MS,
  };
}

/** `host:port` as a client on this machine asks for it. */
export function baseUrlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
