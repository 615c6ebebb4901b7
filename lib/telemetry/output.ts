/** Standard output for the log: the lines of one turn of the event loop are one write, and nobody waits for a slow reader. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** What waits for a reader that does not keep up; lines beyond it are dropped, and counted. */
const MAX_WAITING_BYTES = 8 << 20;
/** One write. */
const MAX_WRITE_BYTES = 64 << 10;
/** A pipe that is full is tried again after so long. */
const RETRY_MS = 5;
/** A process that ends waits so long for a reader that does not keep up. */
const LAST_WAIT_MS = 300;

export interface Output {
  /** Takes a line, its end included. */
  write(line: string): void;
  /** Writes what is there, and waits for a slow reader for a moment; for the end of the process. */
  flushSync(): void;
}

export interface OutputOptions {
  /** A file descriptor. */
  fd: number;
  /** The line that says how many were dropped, its end included. */
  dropped(lines: number): string;
}

/**
 * The same pipe, for this process alone, in such a way that writing to a full one fails instead of waiting. What is no
 * pipe is written to as it is: opened again, a file would have a second end.
 */
function withoutWaiting(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

const NOTHING = Buffer.alloc(0);

class TurnOutput implements Output {
  readonly #options: OutputOptions;
  #fd: number | undefined;
  #lines: string[] = [];
  /** Bytes that a full pipe has not taken. */
  #waiting: Buffer = NOTHING;
  #length = 0;
  #droppedLines = 0;
  #isScheduled = false;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#waiting.length + this.#length > MAX_WAITING_BYTES) {
      this.#droppedLines += 1;
      return;
    }
    this.#fd ??= this.#open();
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  flushSync(): void {
    const until = performance.now() + LAST_WAIT_MS;
    while (!this.#send() && performance.now() < until) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#send()) return;
    this.#isScheduled = true;
    // Nothing but the end of the process is held up by a reader that does not come.
    setTimeout(() => this.#flush(), RETRY_MS).unref();
  }

  #gather(): Buffer {
    if (this.#droppedLines > 0) this.#lines.push(this.#options.dropped(this.#droppedLines));
    const text = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    this.#droppedLines = 0;
    return Buffer.from(text);
  }

  /** The first line opens it: a log that is silent holds nothing. */
  #open(): number {
    process.on('exit', () => this.flushSync());
    return withoutWaiting(this.#options.fd);
  }

  /** True when nothing is left. */
  #send(): boolean {
    if (this.#fd === undefined) return true;
    try {
      for (;;) {
        if (this.#waiting.length === 0) this.#waiting = this.#gather();
        if (this.#waiting.length === 0) return true;
        const written = writeSync(
          this.#fd,
          this.#waiting,
          0,
          Math.min(this.#waiting.length, MAX_WRITE_BYTES),
        );
        this.#waiting = this.#waiting.subarray(written);
      }
    } catch (error) {
      // An errno, as every failure of a write; anything but a full pipe means that nobody reads any more.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      this.#waiting = NOTHING;
      return true;
    }
  }
}

/** Opens the output; what is gathered is written when the process ends, too. */
export const openOutput = (options: OutputOptions): Output => new TurnOutput(options);
