/** Work that goes on beside the runs: a bounded piece every so often, by one worker or by each. */
import type { Logger } from '../../lib/telemetry/log.ts';

export interface Duty {
  readonly name: string;
  /** Pause between two pieces of work, ms. */
  readonly everyMs: number;
  /** Who does it: the leader among the workers, or every worker. */
  readonly who: 'leader' | 'everyone';
  /**
   * One piece of work, well under a second.
   * @returns true when more is waiting: the next piece follows without a pause
   * @throws when Redis or Postgres is away: tried again after the pause
   */
  tick(): Promise<boolean>;
}

export interface DutyLoop {
  readonly name: string;
  /** Does the next piece now, if this worker is to do it at all. */
  wake(): void;
  /** Ends after the piece under way. */
  stop(): Promise<void>;
}

/** @param leads whether this worker leads now */
export function startDuty(duty: Duty, leads: () => boolean, log: Logger): DutyLoop {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let working: Promise<void> | null = null;
  let again = false;

  async function work(): Promise<void> {
    do {
      again = false;
      if (duty.who === 'leader' && !leads()) return;
      try {
        if (await duty.tick()) again = true;
      } catch (error) {
        log.debug({ err: error, duty: duty.name }, 'a duty: tried again later');
        return;
      }
    } while (again && !stopped);
  }

  function run(): void {
    clearTimeout(timer);
    if (stopped || working !== null) return;
    working = work().finally(() => {
      working = null;
      if (!stopped) timer = setTimeout(run, again ? 0 : duty.everyMs);
    });
  }

  timer = setTimeout(run, duty.everyMs);
  return {
    name: duty.name,
    wake() {
      again = true;
      run();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
