/** A closed loop: each connection sends its next request when it has the answer to the last. */
import { openConnection, postRequest, type Target } from './connection.ts';

export interface ClosedLoad {
  kind: 'closed';
  /** Connections go to them in turn. */
  targets: Target[];
  json: string;
  connections: number;
  count: number;
}

export interface ClosedResult {
  /** By the machine's clock, ms since 1970. */
  startedAtMs: number;
  endedAtMs: number;
  /** Answers by status. */
  statuses: Record<string, number>;
}

/** Sends `count` requests over `connections` connections. */
export async function runClosed({ targets, json, connections, count }: ClosedLoad): Promise<ClosedResult> {
  const open = await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const target = targets[index % targets.length];
      if (target === undefined) throw new Error('no targets');
      return {
        connection: await openConnection(target.host, target.port),
        request: postRequest(target, json),
      };
    }),
  );
  const statuses: Record<string, number> = {};
  let sent = 0;
  const startedAtMs = Date.now();
  await Promise.all(
    open.map(async ({ connection, request }) => {
      while (sent < count) {
        sent += 1;
        const { status } = await connection.send(request);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    }),
  );
  const endedAtMs = Date.now();
  for (const { connection } of open) connection.close();
  return { startedAtMs, endedAtMs, statuses };
}
