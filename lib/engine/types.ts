/**
 * What the interpreter is given and what it gives back. Pure: no database, network, queue, environment,
 * clock or node:* here; every effect comes in through `Ports`.
 */
import type { Json, Limits } from '../jq/index.ts';
import type { Events } from './event-types.ts';

export type { Json };
export type { CloudEvent, CollectedEvent, Events, ListenFilter } from './event-types.ts';

/** The DSL's error object (dsl-reference, Error; RFC 7807). `instance` is a JSON pointer to the task. */
export interface DslError {
  type: string;
  status: number;
  title: string;
  detail?: string;
  instance: string;
}

/** Facts of the run that expressions can read. Times are epoch milliseconds of the database's clock. */
export interface RunFacts {
  runId: string;
  input: Json;
  startedAtMs: number;
  runtime: { name: string; version: string };
  /** What `$secrets` holds: the names in `use.secrets`, and which of them the org does not have. */
  secrets: Secrets;
}

export interface Secrets {
  /** Never changed by an evaluation. */
  readonly values: { [name: string]: Json };
  readonly missing: readonly string[];
}

/** What bounds one run. */
export interface EngineLimits {
  /** Tasks started over all attempts; one more ends the run with a runtime error (MAX_RUN_STEPS). */
  maxSteps: number;
  /** A call without a timeout of its own ends after so long (WORKFLOW_CALL_TIMEOUT_MS). */
  callTimeoutMs: number;
  /** Bounds of one evaluation; what is absent keeps the jq engine's default. */
  expression?: Partial<Limits>;
}

/**
 * The persisted position of a run: a small JSON tree that mirrors the definition. Resuming is running again
 * with the tree in hand. At every `await` it is a valid place to resume from. How it is stored, and what that asks of its
 * members, is in parts.ts.
 */
export interface Progress {
  /** `$context`, outside of forks and functions. */
  context: Json;
  /** When the workflow's own timeout is over, epoch milliseconds; absent without one. */
  untilMs?: number;
  /** Tasks started so far, over all attempts (MAX_RUN_STEPS). */
  steps: number;
  /** Children that are waited for were started: when the run ends, what is left of them is cancelled. */
  children?: true;
  /** Events were listened for: when the run ends, what is left of its listeners is removed. */
  listeners?: true;
  /** What `correlate` without `expect` has found first: the expectation for the rest of the run, by its name. */
  correlations?: Record<string, Json>;
  /** The workflow's `do`; null until the workflow's `input.from` was evaluated. */
  root: ListProgress | null;
}

/** A task list (the workflow's `do`, a `do` task, a loop's body, a `try` block…). */
export interface ListProgress {
  /** Index of the task that runs now or next. */
  at: number;
  /** Raw input of that task. */
  data: Json;
  /** How often each task was entered, by index; kept only in lists where a `then` goes backwards. */
  visits?: Record<string, number>;
  /** The list was completed by `then: exit`. */
  exited?: true;
  /** Present while the task at `at` has started and has something worth keeping. */
  task?: TaskProgress;
}

/** A task in flight. */
export interface TaskProgress {
  startedAtMs: number;
  /** The transformed input, kept when `input.from` was evaluated: a stage is never evaluated twice. */
  input?: Json;
  /** When the task's timeout is over, epoch milliseconds. */
  untilMs?: number;
  /** Where the extensions of the task stand. */
  around?: AroundProgress;
  /** What the task type itself keeps (its shape belongs to the file in lib/tasks). */
  body?: Record<string, unknown>;
  /** The recorded raw output of a side effect: once here, it is never recomputed. */
  result?: { value: Json };
  /** An error went through this composite and ended the attempt; the next attempt goes on inside it. */
  faulted?: true;
}

/** A task with extensions, in flight. */
export interface AroundProgress {
  phase: 'before' | 'body' | 'after';
  /** Index of the extension whose tasks run now or next. */
  at: number;
  /** While they run. */
  list?: ListProgress;
  /** The raw output of the body, or of the extension that took its place, and where to go on. */
  result?: { value: Json; next?: number };
}

export type TimelineEntry = {
  type:
    | 'task_started'
    | 'task_completed'
    | 'task_faulted'
    | 'task_retried'
    | 'task_waiting'
    /** Cut off: the result of its fork was decided, or a time limit around it was over. */
    | 'task_cancelled';
  at: string;
  task: string;
  name: string;
  kind: string;
  /** Indices of the enclosing `for` iterations, outermost first. */
  iteration?: number[];
  /** From 2 on: which attempt of the innermost enclosing `try`; in `task_retried`, the attempt that begins. */
  attempt?: number;
  /** When the wait, or the delay of the retry, is over (RFC 3339). */
  until?: string;
  error?: DslError;
};

export type Interruption = 'cancelled' | 'lost' | 'shutdown' | 'suspended';

export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Text or bytes; absent for none. */
  body?: string | Uint8Array;
  /** true: 3xx answers are followed (at most 5, each checked by the egress guard). */
  followRedirects: boolean;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; repeated fields joined with ", ". */
  headers: Record<string, string>;
  body: Uint8Array;
  /** The URL that answered, after redirects. */
  url: string;
}

/** One unary or server-streaming call of gRPC over HTTP/2; messages are encoded already. */
export interface GrpcRequest {
  host: string;
  port: number;
  /** `unless_allowed`: in plaintext when the operator's allow list has the host or its addresses, else over TLS. */
  tls: 'always' | 'unless_allowed';
  /** `/package.Service/Method` */
  path: string;
  /** Names in lower case. */
  metadata: Record<string, string>;
  /** The messages to send: one, or several to a method that streams them. */
  messages: Uint8Array[];
}

export interface GrpcResponse {
  messages: Uint8Array[];
}

/** Tokens of the org that the run belongs to, shared by all runs of the worker and bounded. */
export interface TokenCache {
  /** The token if it is still good for a while. */
  get(key: string): string | null;
  /** @param expiresAtMs epoch milliseconds, by `Ports.now` */
  set(key: string, token: string, expiresAtMs: number): void;
  delete(key: string): void;
}

/** A run that a `run: workflow` task starts. */
export interface ChildRequest {
  /** From `newId`, recorded before the child is started, so that it is started once. */
  id: string;
  namespace: string;
  name: string;
  /** `document.version`, or `latest`: the newest that was published when this run began. */
  version: string;
  input: Json;
  /** The task waits for it: its end signals this run. */
  awaited: boolean;
}

export type ChildState =
  | { kind: 'active' }
  | { kind: 'succeeded'; output: Json }
  | { kind: 'failed'; error: DslError }
  | { kind: 'cancelled' };

/** Runs of other workflows of the same org. */
export interface Children {
  newId(): string;
  /** Starts a run, or finds it started. Answers with what is wrong when it cannot be. */
  start(request: ChildRequest): Promise<{ ok: true } | { ok: false; problem: string }>;
  find(id: string): Promise<ChildState>;
  /** Cancels it unless it has ended. */
  cancel(id: string): Promise<void>;
}

/** Every effect the interpreter can have. */
export interface Ports {
  /** The database's clock, epoch milliseconds. */
  now(): number;
  /** Uniform in [0, 1), for jitter. */
  random(): number;
  /** A monotonic clock in milliseconds, for time slices. */
  monotonic(): number;
  /**
   * Asks for the next time slice.
   * @param usedMs how long this execution has computed so far
   * @returns undefined to go on at once, else a promise of the slice
   */
  turn(usedMs: number): Promise<void> | undefined;
  /** Sleeps in place; rejects when `signal` aborts. Only for waits of at most 1 s. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `action` once after `ms`, unless what is returned is called before. */
  after(ms: number, action: () => void): () => void;
  /** The result of a side effect is in the tree: have it written. Returns at once. */
  record(): void;
  /** Resolves when everything recorded so far is durable. Awaited before the next side effect starts. */
  recorded(): Promise<void>;
  /** Why to stop, or null. Looked at between tasks. */
  interruption(): Interruption | null;
  /** Aborts running calls and sleeps. Once aborted, `interruption()` says why. */
  signal: AbortSignal;
  /** Sends one request through the egress guard. Throws `HttpFailure` when there is no answer. */
  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /**
   * Makes one gRPC call through the egress guard. Throws `HttpFailure` when there is no answer, `GrpcFailure` when
   * the answer is a status other than OK.
   */
  grpc(request: GrpcRequest, signal: AbortSignal): Promise<GrpcResponse>;
  tokens: TokenCache;
  /** From now on this text is masked in what leaves the run: timeline, errors, log. */
  conceal(credential: string): void;
  children: Children;
  events: Events;
  /**
   * Something in a branch of a fork has changed since it was last written.
   * @param branch its node in the tree
   */
  changed(branch: object): void;
  /** Appends to the run's timeline. */
  timeline(entry: TimelineEntry): void;
}

/** No answer to a request: refused by the egress guard, name not found, connection, TLS, time or size limit. */
export class HttpFailure extends Error {
  readonly kind: 'refused' | 'network' | 'timeout' | 'too_large' | 'invalid';
  constructor(kind: HttpFailure['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HttpFailure';
    this.kind = kind;
  }
}

/** A gRPC status other than OK (grpc/grpc statuscodes.md). The message is the server's. */
export class GrpcFailure extends Error {
  readonly code: number;
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GrpcFailure';
    this.code = code;
  }
}

/** How an execution ended. */
export type Outcome =
  | { kind: 'succeeded'; output: Json }
  /** `retryable` by contract section 4. The tree stands where the next attempt begins, `try` counters restarted. */
  | { kind: 'failed'; error: DslError; retryable: boolean }
  /** Gives the worker slot back until `untilMs` (epoch ms of the database's clock) or until the run is signalled. */
  | { kind: 'parked'; untilMs: number }
  | { kind: 'interrupted'; reason: Interruption };
