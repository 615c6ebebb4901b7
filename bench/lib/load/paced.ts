/** An open loop at a low rate, and how long each run takes from its POST until a reader sees that it is finished. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { openConnection, postRequest, type Connection, type Target } from './connection.ts';

const CONNECTIONS = 8;
/** Between two looks at the runs that are not finished, ms. */
const LOOK_MS = 1;
const GIVE_UP_MS = 20_000;

export interface PacedLoad {
  kind: 'paced';
  target: Target;
  json: string;
  ratePerSecond: number;
  count: number;
  databaseUrl: string;
  /** The table of runs: `id`, `finished_at`. */
  table: string;
}

export interface PacedResult {
  /** From the sending of each POST to its answer, ms. */
  answeredMs: number[];
  /** From the sending of each POST until its run is seen finished, ms. */
  finishedMs: number[];
}

/** Gaps between half and one and a half of the mean, the same in every run, so that no timer of a system is hit in step. */
export function gapsMs(ratePerSecond: number, count: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    // The minimal standard generator (Park and Miller, 1988).
    state = (state * 48_271) % 2_147_483_647;
    return (1000 / ratePerSecond) * (0.5 + state / 2_147_483_647);
  });
}

interface Watch {
  add(id: string, sentAtMs: number): void;
  /** Resolves when all that was added is finished. */
  done(): Promise<number[]>;
  close(): Promise<void>;
}

/** Reads by primary key, one query at a time, and only while a run is open. */
function openWatch({ databaseUrl, table }: PacedLoad): Watch {
  const sql = postgres(databaseUrl, { max: 1, fetch_types: false, onnotice: () => {} });
  const open = new Map<string, number>();
  const tookMs: number[] = [];
  let looking: Promise<void> | null = null;
  async function look(): Promise<void> {
    while (open.size > 0) {
      const rows = await sql<{ id: string }[]>`
        SELECT id FROM ${sql(table)} WHERE id = ANY(string_to_array(${[...open.keys()].join()}, ',')::uuid[]) AND finished_at IS NOT NULL`;
      const nowMs = performance.now();
      for (const { id } of rows) {
        tookMs.push(nowMs - (open.get(id) ?? Number.NaN));
        open.delete(id);
      }
      for (const sentAtMs of open.values())
        if (nowMs - sentAtMs > GIVE_UP_MS) throw new Error('a run was not finished');
      if (open.size > 0) await sleep(LOOK_MS);
    }
    looking = null;
  }
  return {
    add(id, sentAtMs) {
      open.set(id, sentAtMs);
      if (looking !== null) return;
      looking = look();
      // Told by `done`; without this node would end the process first.
      looking.catch(() => {});
    },
    async done() {
      await looking;
      return tookMs;
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

/** Sends `count` requests at about `ratePerSecond`, whatever the answers do. */
export async function runPaced(load: PacedLoad): Promise<PacedResult> {
  const { target, json, ratePerSecond, count } = load;
  const request = postRequest(target, json);
  const idle: Connection[] = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => openConnection(target.host, target.port)),
  );
  const all = [...idle];
  const watch = openWatch(load);
  const answeredMs: number[] = [];
  async function post(): Promise<void> {
    const sentAtMs = performance.now();
    const connection = idle.pop() ?? (await openConnection(target.host, target.port));
    const { status, body } = await connection.send(request);
    answeredMs.push(performance.now() - sentAtMs);
    idle.push(connection);
    if (status !== 201) throw new Error(`${status} ${body}`);
    // Both systems answer with the run.
    watch.add((JSON.parse(body) as { run: { id: string } }).run.id, sentAtMs);
  }
  const posts: Promise<void>[] = [];
  let dueMs = performance.now();
  for (const gap of gapsMs(ratePerSecond, count)) {
    dueMs += gap;
    await sleep(Math.max(0, dueMs - performance.now()));
    posts.push(post());
  }
  await Promise.all(posts);
  const finishedMs = await watch.done();
  for (const connection of new Set([...all, ...idle])) connection.close();
  await watch.close();
  return { answeredMs, finishedMs };
}
