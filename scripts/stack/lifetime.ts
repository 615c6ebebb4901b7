/** What a script started, and how it ends: on a signal, on a failure, or when its work is done. */
import type { Service } from './service.ts';
import { complain, say } from './say.ts';

/** One Ctrl-C may arrive several times: from the terminal, from npm and from tsx. */
const SAME_SIGNAL_MS = 400;
const EXIT_INTERRUPTED = 130;
const PARENT_CHECK_MS = 200;

export interface Lifetime {
  /** Aborts on SIGINT, SIGTERM and SIGHUP, and under npm when npm is gone. */
  signal: AbortSignal;
  /** Has `close` called at the end; what was opened last is closed first. */
  onClose(name: string, close: () => Promise<void> | void): void;
  /** Watches a service and stops it at the end. */
  own(service: Service): void;
  /** Resolves at a signal. @throws {Error} when a service ends by itself. */
  untilStopped(): Promise<void>;
  /** Closes everything, whatever fails on the way. @returns whether nothing failed. */
  close(): Promise<boolean>;
}

/** Takes over the signals of this process: the first ends in order, a second one at once. */
export function openLifetime(): Lifetime {
  const stop = new AbortController();
  const closers: { name: string; close: () => Promise<void> | void }[] = [];
  const services: Service[] = [];
  let signalledAt = 0;
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      if (Date.now() - signalledAt < SAME_SIGNAL_MS) return;
      for (const service of services) service.kill();
      process.exit(EXIT_INTERRUPTED);
    }
    signalledAt = Date.now();
    say('\nStopping ...');
    stop.abort(new Error('stopped by a signal'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  onParentGone(onSignal);
  const onClose: Lifetime['onClose'] = (name, close) => {
    closers.push({ name, close });
  };
  return {
    signal: stop.signal,
    onClose,
    own: (service) => {
      services.push(service);
      onClose(service.name, () => service.stop());
    },
    untilStopped: () => untilStopped(services, stop.signal),
    close: async () => {
      if (!stop.signal.aborted) reportDead(services);
      let clean = true;
      for (const { name, close } of closers.splice(0).toReversed()) {
        try {
          await close();
        } catch (error) {
          clean = false;
          complain(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      return clean;
    },
  };
}

/** Under npm: a shell between npm and this process dies of a signal without passing it on. */
function onParentGone(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

async function untilStopped(services: Service[], signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  const died = services.map(async (service) => {
    const how = await service.ended;
    if (!signal.aborted) throw new Error(`${service.name} ended unexpectedly (${how}).`);
  });
  await Promise.race([stopped, ...died]);
}

/** Before the rest is stopped: which services have ended by themselves, with the end of their logs. */
function reportDead(services: Service[]): void {
  for (const service of services.filter((each) => !each.isRunning())) {
    complain(`The end of ${service.logFile}:\n${service.tail()}`);
  }
}
