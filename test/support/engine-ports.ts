/** Ports for the interpreter without time or network: a clock that only moves when told, and a record of all calls. */
import {
  HttpFailure,
  type HttpRequest,
  type HttpResponse,
  type Interruption,
  type Ports,
  type TimelineEntry,
} from '../../lib/engine/types.ts';

/** Where the interpreter can stand when a process dies. */
export type Moment = 'record' | 'recorded' | 'yield' | 'sleep' | 'effect' | 'http';

export class FakePorts implements Ports {
  clockMs = Date.UTC(2026, 0, 1);
  monotonicMs = 0;
  /** Added to the monotonic clock each time it is read: every task then takes this long. */
  monotonicStepMs = 0;
  randomValue = 0.5;
  stop: Interruption | null = null;
  readonly controller = new AbortController();
  readonly entries: TimelineEntry[] = [];
  readonly moments: Moment[] = [];
  /** Lengths of the sleeps in place, in milliseconds. */
  readonly sleeps: number[] = [];
  readonly requests: HttpRequest[] = [];
  /** Called at each moment, before anything else happens. */
  onMoment: (moment: Moment) => void = () => {};
  answer: (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse> = () =>
    Promise.reject(new HttpFailure('network', 'the test has no HTTP service'));

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  now(): number {
    return this.clockMs;
  }

  random(): number {
    return this.randomValue;
  }

  monotonic(): number {
    this.monotonicMs += this.monotonicStepMs;
    return this.monotonicMs;
  }

  async yield(): Promise<void> {
    this.reach('yield');
  }

  async sleep(ms: number): Promise<void> {
    this.reach('sleep');
    this.signal.throwIfAborted();
    this.sleeps.push(ms);
    this.clockMs += ms;
  }

  record(): void {
    this.reach('record');
  }

  async recorded(): Promise<void> {
    this.reach('recorded');
  }

  interruption(): Interruption | null {
    return this.stop;
  }

  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    this.reach('http');
    this.requests.push(request);
    return this.answer(request, signal);
  }

  timeline(entry: TimelineEntry): void {
    this.entries.push(entry);
  }

  /** Stops the run as the worker does: the reason first, then, for a hard stop, the signal. */
  interrupt(reason: Interruption, abort = false): void {
    this.stop = reason;
    if (abort) this.controller.abort();
  }

  reach(moment: Moment): void {
    this.moments.push(moment);
    this.onMoment(moment);
  }

  /** The timeline in short: `task_started /do/0/x`. */
  get story(): string[] {
    return this.entries.map((entry) => `${entry.type} ${entry.task}`);
  }
}
