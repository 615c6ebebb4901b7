/** Ports for the interpreter without time or network: a clock that only moves when told, and a record of all calls. */
import {
  type ChildRequest,
  type Children,
  type ChildState,
  type GrpcRequest,
  type GrpcResponse,
  HttpFailure,
  type HttpRequest,
  type HttpResponse,
  type Interruption,
  type Ports,
  type TimelineEntry,
  type TokenCache,
} from '../../lib/engine/types.ts';
import { FakeEvents } from './fake-events.ts';

/** Where the interpreter can stand when a process dies. */
export type Moment = 'record' | 'recorded' | 'yield' | 'sleep' | 'effect' | 'http' | 'child' | 'event';

/** Runs of other workflows: started ones are active until the test says how they end. */
class FakeChildren implements Children {
  readonly started: ChildRequest[] = [];
  readonly cancelled: string[] = [];
  readonly states = new Map<string, ChildState>();
  problem: string | null = null;
  readonly #reach: () => void;
  #count = 0;

  constructor(reach: () => void) {
    this.#reach = reach;
  }

  newId(): string {
    this.#count += 1;
    return `child-${this.#count}`;
  }

  async start(request: ChildRequest): Promise<{ ok: true } | { ok: false; problem: string }> {
    this.#reach();
    if (this.problem !== null) return { ok: false, problem: this.problem };
    if (!this.started.some(({ id }) => id === request.id)) this.started.push(request);
    return { ok: true };
  }

  async find(id: string): Promise<ChildState> {
    return this.states.get(id) ?? { kind: 'active' };
  }

  async cancel(id: string): Promise<void> {
    this.cancelled.push(id);
  }
}

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
  readonly concealed: string[] = [];
  /** Called at each moment, before anything else happens. */
  onMoment: (moment: Moment) => void = () => {};
  answer: (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse> = () =>
    Promise.reject(new HttpFailure('network', 'the test has no HTTP service'));

  answerGrpc: (request: GrpcRequest, signal: AbortSignal) => Promise<GrpcResponse> = () =>
    Promise.reject(new HttpFailure('network', 'the test has no gRPC service'));
  readonly tokens: TokenCache = this.#tokenCache();
  readonly children = new FakeChildren(() => this.reach('child'));
  readonly events = new FakeEvents(
    () => this.reach('event'),
    () => this.clockMs,
  );
  readonly #alarms = new Set<{ atMs: number; action: () => void }>();
  #rings = false;

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

  turn(usedMs: number): Promise<void> | undefined {
    if (usedMs === 0) return undefined;
    this.reach('yield');
    return Promise.resolve();
  }

  /** Asleep until the clock is there: whoever sleeps shortest moves it, once nobody runs. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.reach('sleep');
    signal.throwIfAborted();
    this.sleeps.push(ms);
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        stop();
        reject(new DOMException('aborted', 'AbortError'));
      };
      const stop = this.after(ms, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  after(ms: number, action: () => void): () => void {
    const alarm = { atMs: this.clockMs + ms, action };
    this.#alarms.add(alarm);
    this.#ring();
    return () => this.#alarms.delete(alarm);
  }

  /** Moves the clock to the next alarm whenever everything else has come to rest. */
  #ring(): void {
    if (this.#rings) return;
    this.#rings = true;
    setImmediate(() => {
      this.#rings = false;
      const [next] = [...this.#alarms].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) return;
      this.#alarms.delete(next);
      this.clockMs = Math.max(this.clockMs, next.atMs);
      next.action();
      if (this.#alarms.size > 0) this.#ring();
    });
  }

  conceal(credential: string): void {
    this.concealed.push(credential);
  }

  record(): void {
    this.reach('record');
  }

  async recorded(): Promise<void> {
    this.reach('recorded');
  }

  changed(_branch: object): void {}

  interruption(): Interruption | null {
    return this.stop;
  }

  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    this.reach('http');
    this.requests.push(request);
    return this.answer(request, signal);
  }

  grpc(request: GrpcRequest, signal: AbortSignal): Promise<GrpcResponse> {
    this.reach('http');
    return this.answerGrpc(request, signal);
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

  #tokenCache(): TokenCache {
    const known = new Map<string, { token: string; expiresAtMs: number }>();
    return {
      get: (key) => {
        const entry = known.get(key);
        return entry !== undefined && entry.expiresAtMs > this.clockMs ? entry.token : null;
      },
      set: (key, token, expiresAtMs) => known.set(key, { token, expiresAtMs }),
      delete: (key) => known.delete(key),
    };
  }

  /** The timeline in short: `task_started /do/0/x`. */
  get story(): string[] {
    return this.entries.map((entry) => `${entry.type} ${entry.task}`);
  }
}
