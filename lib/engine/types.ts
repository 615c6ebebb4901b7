/**
 * What the interpreter is given and what it gives back. Pure: no database, network, queue, environment,
 * clock or node:* here; every effect comes in through `Ports`.
 */
import type { Json, Limits } from '../jq/index.ts';

export type { Json };

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
 * with the tree in hand. At every `await` it is a valid place to resume from.
 */
export interface Progress {
  /** Format number of the tree; a worker refuses one it does not know. */
  format: 1;
  context: Json;
  /** Tasks started so far, over all attempts (MAX_RUN_STEPS). */
  steps: number;
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
  /** Present while the task at `at` has started and has something worth keeping. */
  task?: TaskProgress;
}

/** A task in flight. */
export interface TaskProgress {
  startedAtMs: number;
  /** The transformed input, kept when `input.from` was evaluated: a stage is never evaluated twice. */
  input?: Json;
  /** What the task type itself keeps (its shape belongs to the file in lib/tasks). */
  body?: Record<string, unknown>;
  /** The recorded raw output of a side effect: once here, it is never recomputed. */
  result?: { value: Json };
  /** An error went through this composite and ended the attempt; the next attempt goes on inside it. */
  faulted?: true;
}

export type TimelineEntry = {
  type: 'task_started' | 'task_completed' | 'task_faulted' | 'task_retried' | 'task_waiting';
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

/** Every effect the interpreter can have. */
export interface Ports {
  /** The database's clock, epoch milliseconds. */
  now(): number;
  /** Uniform in [0, 1), for jitter. */
  random(): number;
  /** A monotonic clock in milliseconds, for time slices. */
  monotonic(): number;
  /** Gives the event loop a turn. */
  yield(): Promise<void>;
  /** Sleeps in place; rejects when `signal` aborts. Only for waits of at most 1 s. */
  sleep(ms: number): Promise<void>;
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

/** How an execution ended. */
export type Outcome =
  | { kind: 'succeeded'; output: Json }
  /** `retryable` by contract section 4. The tree stands where the next attempt begins, `try` counters restarted. */
  | { kind: 'failed'; error: DslError; retryable: boolean }
  /** Gives the worker slot back until `untilMs` (epoch milliseconds of the database's clock). */
  | { kind: 'parked'; untilMs: number }
  | { kind: 'interrupted'; reason: Interruption };
