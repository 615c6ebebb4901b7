/** A Postgres of the suite's own, durable (fsync is on), to be killed, paused and restarted. */
import { spawnSync } from 'node:child_process';
import { freePort } from '../../../scripts/stack/ports.ts';
import { removePostgres, startPostgres, type RunningPostgres } from '../../../scripts/stack/postgres.ts';

export interface FaultyPostgres {
  url: string;
  /** SIGKILL to the server; its children find out and end. */
  kill(): Promise<void>;
  /** Fast shutdown, as on a maintenance. */
  end(): Promise<void>;
  /** Starts it again on its data, after `kill` or `end`. Without effect while it runs. */
  restart(): Promise<void>;
  /** Stops the server and all its children (SIGSTOP): connections stand, nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Ids of the children of a process. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child ?? 0);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** @param dataDir of its data, removed at the end */
export async function openPostgres(dataDir: string): Promise<FaultyPostgres> {
  const port = await freePort();
  const start = (): Promise<RunningPostgres> =>
    startPostgres({ dataDir, port, settings: { max_connections: '200' } });
  let running = await start();
  const end = async (name: NodeJS.Signals): Promise<void> => {
    resume();
    signal(running.pid, name);
    await running.service.ended;
  };
  function resume(): void {
    for (const pid of [...childrenOf(running.pid), running.pid]) signal(pid, 'SIGCONT');
  }
  return {
    url: running.url,
    kill: () => end('SIGKILL'),
    end: () => end('SIGINT'),
    restart: async () => {
      if (!running.service.isRunning()) running = await start();
    },
    pause() {
      signal(running.pid, 'SIGSTOP');
      for (const pid of childrenOf(running.pid)) signal(pid, 'SIGSTOP');
    },
    resume,
    stop: async () => {
      if (running.service.isRunning()) await end('SIGINT');
      removePostgres(dataDir);
    },
  };
}
