/**
 * Which process is ours: its id and a mark of when it began, since ids are used again. Written beside the data
 * of each service, so that the next run finds what a killed one left behind.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface ProcessRecord {
  pid: number;
  began: string;
}

const POLL_MS = 25;

/** When process `pid` began, in the system's own terms; null when it is gone (or only waits to be reaped). */
export function processBegan(pid: number): string | null {
  if (process.platform !== 'linux') {
    const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    const line = stdout.trim();
    return status === 0 && line !== '' && !line.startsWith('Z') ? line.replace(/^\S+\s+/, '') : null;
  }
  try {
    // proc(5): after the name in brackets come the state and, 19 fields on, the start in ticks since the boot.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
  } catch {
    return null;
  }
}

/** The command line of process `pid`, its arguments parted by blanks; empty when it is gone. */
export function commandLineOf(pid: number): string {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Writes the record of the living process `pid`. */
export function writeRecord(file: string, pid: number): void {
  writeFileSync(`${file}.part`, recordOf(pid));
  renameSync(`${file}.part`, file);
}

/** The text of a record of process `pid`. */
export const recordOf = (pid: number): string => JSON.stringify({ pid, began: processBegan(pid) ?? '' });

/** The process that `file` records, if that very process still runs; null also without such a file. */
export function readLiving(file: string): number | null {
  let record: Partial<ProcessRecord>;
  try {
    record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessRecord>;
  } catch {
    return null;
  }
  const { pid, began } = record;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1) return null;
  return processBegan(pid) === began ? pid : null;
}

/** Waits until process `pid` has ended. @returns whether it did within `timeoutMs`. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const began = processBegan(pid);
  const runs = (): boolean => began !== null && processBegan(pid) === began;
  const deadline = Date.now() + timeoutMs;
  while (runs()) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Sends a signal; a process that is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Ends a process: one signal after the other, each with `graceMs` to work.
 * @throws {Error} when it outlives them all.
 */
export async function endProcess(pid: number, signals: NodeJS.Signals[], graceMs: number): Promise<void> {
  for (const signal of signals) {
    sendSignal(pid, signal);
    if (await waitForEnd(pid, graceMs)) return;
  }
  throw new Error(`process ${pid} does not end`);
}

/** Ends the process that `file` records, if it still runs, and takes the record away. */
export async function endRecorded(file: string, signals: NodeJS.Signals[], graceMs: number): Promise<void> {
  const pid = readLiving(file);
  if (pid !== null) await endProcess(pid, signals, graceMs);
  rmSync(file, { force: true });
}
