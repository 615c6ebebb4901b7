/** A child process of the stack: it logs to a file, is recorded for the next run, and is stopped in bounds. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { endProcess, sendSignal, writeRecord } from './process-record.ts';
import { lastLines } from './run-command.ts';

export interface ServiceOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Where the process is recorded while it runs. */
  recordFile: string;
  cwd?: string;
  uid?: number | undefined;
  gid?: number | undefined;
  /** Sent one after the other to stop it, each with `graceMs` to work. */
  stopSignals: NodeJS.Signals[];
  graceMs: number;
  /** Gives the child a channel that closes when this process dies, however it dies. */
  channel?: boolean;
}

export interface Service {
  name: string;
  pid: number;
  process: ChildProcess;
  logFile: string;
  /** Resolves when it has ended, with a few words on how (`exit code 1`, `SIGKILL`). */
  ended: Promise<string>;
  isRunning(): boolean;
  stop(): Promise<void>;
  /** Ends it at once, without waiting. */
  kill(): void;
  /** The last lines of its log. */
  tail(lines?: number): string;
}

/**
 * Starts a process in a session of its own, so that a Ctrl-C reaches only the one who started it, which
 * then stops all in order.
 * @throws {Error} when the program cannot be started.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, command, args, env, logFile, recordFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(command, args, {
      env,
      detached: true,
      stdio: ['ignore', log, log, ...(options.channel === true ? (['ipc'] as const) : [])],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
  } finally {
    closeSync(log);
  }
  const pid = await spawned(child, name);
  writeRecord(recordFile, pid);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal ?? `exit code ${code}`);
    });
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid,
    process: child,
    logFile,
    ended,
    isRunning,
    stop: async () => {
      if (isRunning()) await endProcess(pid, options.stopSignals, options.graceMs);
      await ended;
      rmSync(recordFile, { force: true });
    },
    kill: () => {
      if (isRunning()) sendSignal(pid, options.stopSignals.at(-1) ?? 'SIGKILL');
    },
    tail: (lines = 20) => readTail(logFile, lines),
  };
}

function spawned(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
    child.once('error', (cause) => {
      reject(new Error(`${name} cannot be started: ${cause.message}`, { cause }));
    });
  });
}

/** The last lines of a log file; empty when there is none. */
function readTail(file: string, lines: number): string {
  try {
    return lastLines(readFileSync(file, 'utf8'), lines);
  } catch {
    return '';
  }
}
