/** Runs a program of the system to its end and keeps what it printed. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** As whom to run it; the caller must be root. */
  uid?: number;
  gid?: number;
  /** Killed after this time, ms. */
  timeoutMs?: number;
  /** Ends the program when aborted; without it a Ctrl-C does not reach the program. */
  signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** The exit code; null when it could not be started or a signal ended it. */
  code: number | null;
  /** Standard output alone. */
  stdout: string;
  /** Both streams as they came, or why it could not be started. */
  output: string;
}

/** Runs `command` without a shell, with no standard input. Never rejects: a failure is a result. */
export function runCommand(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    let stdout = '';
    let output = '';
    const { signal, timeoutMs, ...spawnOptions } = options;
    const child = spawn(command, args, {
      ...spawnOptions,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: a Ctrl-C at the terminal must not cut a package manager in half.
      detached: true,
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', (error) => {
      resolve({ code: null, stdout, output: output + error.message });
    });
    child.once('close', (code) => {
      resolve({ code, stdout, output });
    });
  });
}

/** The full path of the first executable file called `name` in the folders of `path`, or null. */
export function findOnPath(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** The last lines of what a program printed, for a message. */
export const lastLines = (text: string, count: number): string =>
  text.trim().split(/\r?\n/).slice(-count).join('\n');
