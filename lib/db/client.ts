/** The connection pool to Postgres, with a bound on every statement. */
import { connect, type Socket } from 'node:net';
import postgres from 'postgres';

export type Sql = postgres.Sql<{ json: unknown; text_time: string }>;

/** A Postgres array literal (manual, "Array Input and Output Syntax"); a string passes as it is. */
function arrayLiteral(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const items = value.map((item: string | number | boolean | null) =>
    item === null ? 'NULL' : `"${String(item).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  );
  return `{${items.join(',')}}`;
}

const arrayType = (oid: number) => ({
  to: oid,
  from: [],
  serialize: arrayLiteral,
  parse: (text: string) => text,
});

/** Extra time the server's own `statement_timeout` has to answer before the connection counts as dead, ms. */
const ANSWER_MARGIN_MS = 250;

/**
 * A plan that is made while a table has one page reads all of it, and is kept when the table has grown. Without prepared
 * statements no plan is kept. What has no index is read whole all the same, at a cost that would call for compilation.
 */
const KEPT_PLANS = { enable_seqscan: 'off', jit: 'off' };
const PLANNED_ONCE = { plan_cache_mode: 'force_generic_plan' };

export interface DatabaseOptions {
  url: string;
  /** Per statement, ms: the server's `statement_timeout` and, with a margin, the client's own. */
  timeoutMs: number;
  max: number;
  /**
   * Plans are made once a connection and not for each parameter's value: for statements that find their rows by key, whose plan
   * is the same for one row and a hundred. Postgres itself would plan anew for every lone row, at half a millisecond.
   */
  plansOnce?: boolean;
  /** false behind a transaction-mode pooler: no prepared statements, no start-up parameters. */
  prepare: boolean;
  /** Shown in pg_stat_activity. */
  name: string;
  maxPipeline?: number;
}

/**
 * Destroys a connection that owes an answer for longer than `limitMs`. postgres.js has no query timeout of its
 * own: without this a stopped server or dropped packets would hold every connection of the pool for minutes.
 */
function watchAnswers(socket: Socket, limitMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const write = socket.write.bind(socket);
  const arm = (): void => {
    timer ??= setTimeout(() => {
      socket.destroy(Object.assign(new Error('Postgres did not answer in time'), { code: 'ANSWER_TIMEOUT' }));
    }, limitMs);
  };
  socket.write = ((...args: Parameters<typeof write>) => {
    arm();
    return write(...args);
  }) as typeof socket.write;
  const disarm = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  socket.on('data', disarm);
  socket.on('close', disarm);
}

/**
 * A socket that is still connecting, as postgres.js expects it: it waits for the connection itself, and a
 * rejection here would take the connection out of its pool for good.
 */
function openSocket(options: postgres.Options<never>, timeoutMs: number): Socket {
  const host = [options.host].flat()[0] ?? 'localhost';
  const port = [options.port].flat()[0] ?? 5432;
  const socket = options.path ? connect({ path: options.path }) : connect({ host, port });
  socket.setNoDelay(true);
  watchAnswers(socket, timeoutMs + ANSWER_MARGIN_MS);
  failLateQueries(socket);
  // postgres.js reads it for the TLS server name.
  return Object.assign(socket, { host });
}

/**
 * A query that is written between the socket's `error` and its `close` gets no answer from postgres.js, ever: it
 * takes a `close` after an error for one that is dealt with. So the error is said again just before.
 */
function failLateQueries(socket: Socket): void {
  const emit = socket.emit.bind(socket);
  socket.emit = ((event: string, ...args: unknown[]) => {
    if (event === 'close' && args[0] === true && socket.listenerCount('error') > 0) {
      emit('error', Object.assign(new Error('the connection is closed'), { code: 'CONNECTION_CLOSED' }));
    }
    return emit(event, ...args);
  }) as typeof socket.emit;
}

/**
 * Opens the pool (connections are made on first use). JSON goes in as text that is already serialised and
 * comes out parsed; times go in and out as text (`lib/db/time.ts` makes them RFC 3339).
 */
export function openDatabase(options: DatabaseOptions): Sql {
  const { url, timeoutMs, max, prepare, name } = options;
  const asIs = (value: unknown): unknown => value;
  // `socket` and `max_pipeline` are read by postgres.js 3.4 but missing from its types.
  const extra = {
    socket: (parsed: postgres.Options<never>) => openSocket(parsed, timeoutMs),
    max_pipeline: options.maxPipeline ?? 100,
  };
  return postgres(url, {
    max,
    prepare,
    connect_timeout: Math.max(1, Math.ceil(timeoutMs / 1000)),
    idle_timeout: 60,
    // A failed connection is tried again after 100 ms at first and 1 s at most, so that recovery is quick.
    backoff: (retries: number) => Math.min(1, 0.1 * 2 ** Math.min(retries, 5)),
    fetch_types: false,
    onnotice: () => {},
    types: {
      json: {
        to: 114,
        from: [114, 3802],
        serialize: asIs,
        parse: (text: string) => JSON.parse(text) as unknown,
      },
      // fetch_types is off (it costs a round trip at every connect), so the arrays we use are named here.
      uuid_array: arrayType(2951),
      text_array: arrayType(1009),
      int_array: arrayType(1007),
      smallint_array: arrayType(1005),
      bigint_array: arrayType(1016),
      float_array: arrayType(1022),
      bool_array: arrayType(1000),
      timestamptz_array: arrayType(1185),
      text_time: { to: 1184, from: [1184, 1114, 1082], serialize: asIs, parse: (text: string) => text },
    },
    connection: prepare
      ? {
          application_name: name,
          statement_timeout: timeoutMs,
          ...KEPT_PLANS,
          ...(options.plansOnce === true ? PLANNED_ONCE : {}),
        }
      : { application_name: name },
    ...extra,
  });
}
