/**
 * One attempt at a run: the interpreter's ports, and the fenced writes that make its progress durable.
 * From the claim to the leave it is the only thing that may write the row.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedRun } from '../lib/db/runs/claim.ts';
import type { OwnWrite } from '../lib/db/runs/own-write.ts';
import type { Fence, Leave, LeftRun, TimelineBatch } from '../lib/db/runs/write.ts';
import { stateFault } from './faults.ts';
import type { TreeWriter, WrittenTree } from '../lib/engine/parts.ts';
import type { DslError, Interruption, Ports } from '../lib/engine/types.ts';
import { createRedactor, type Redactor } from '../lib/secrets/redact.ts';
import type { HeldAttempt } from './attempts.ts';
import { createChildren } from './children.ts';
import type { WorkerDeps } from './deps.ts';
import { createEvents } from './events.ts';
import { writeFenced } from './fenced-write.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createTimelineBuffer, type RunEntry, type TimelineBuffer } from './timeline.ts';

export interface Attempt {
  ports: Ports;
  /** Masks the secrets of the run in what leaves it; knows them once they are loaded. */
  redactor: Redactor;
  /** An error found outside the interpreter (the state grew too large): ends the run as failed. */
  fault(): DslError | null;
  /** The database's clock as RFC 3339, for timeline entries. */
  at(): string;
  addEntry(entry: RunEntry): void;
  /** The newest format that the run's progress was ever written in. */
  format(): number;
  /** Writes no more checkpoints. What the tree holds now; null when it is larger than it may be. Rejects when one has failed. */
  settle(): Promise<WrittenTree | null>;
  /** The last write. null: the lease is lost, nothing was written. */
  leave(leave: Leave): Promise<LeftRun | null>;
  /** Milliseconds since the claim. */
  durationMs(): number;
}

/** The more is at stake, the higher: after a lost lease nothing may be written any more. */
const RANK: Readonly<Record<Interruption, number>> = { shutdown: 0, suspended: 1, cancelled: 2, lost: 3 };

/** What tells an attempt to stop, before and after its claim. */
export function createHolder({
  runId,
  generation,
}: Pick<HeldAttempt, 'runId' | 'generation'>): HeldAttempt & {
  signal: AbortSignal;
  reason(): Interruption | null;
} {
  const controller = new AbortController();
  // Every branch of a fork that waits for its turn listens to it.
  setMaxListeners(0, controller.signal);
  let reason: Interruption | null = null;
  return {
    runId,
    generation,
    lease: null,
    signal: controller.signal,
    reason: () => reason,
    interrupt(next) {
      if (reason === null || RANK[next] > RANK[reason]) reason = next;
      if (next === 'cancelled' || next === 'lost') controller.abort();
    },
    abortCalls: () => controller.abort(),
  };
}

export type Holder = ReturnType<typeof createHolder>;

/** A database clock that goes on from the claim: skew between machines does not matter. */
function databaseClock(claimed: ClaimedRun): () => number {
  const claimedAt = performance.now();
  return () => Math.round(claimed.now_ms + (performance.now() - claimedAt));
}

export interface AttemptOptions {
  /** Writes the tree that the interpreter changes in place. */
  tree: TreeWriter;
  /** Ends the repetition of writes when the process goes down. */
  giveUp: AbortSignal;
  /** Resolves when the lease was confirmed a moment ago, or `signal` aborts. */
  confirmed(signal: AbortSignal): Promise<void>;
  /** Told how long the run has computed, ms. */
  computed(usedMs: number): void;
}

/** Whether the row stands where this batch has put it; one that is suspended, with an entry more that says so. */
const isAfter = (row: OwnWrite, fence: Fence, batch: TimelineBatch): boolean =>
  row.timeline_count === fence.timelineCount + batch.count + (row.status === 'suspended' ? 1 : 0) &&
  row.timeline_dropped === fence.timelineDropped + batch.dropped;

class FencedAttempt implements Attempt {
  readonly ports: Ports;
  readonly redactor = createRedactor([]);
  readonly #deps: WorkerDeps;
  readonly #holder: Holder;
  readonly #options: AttemptOptions;
  readonly #buffer: TimelineBuffer;
  readonly #recorder: Recorder;
  readonly #fence: Fence;
  #format: number;
  readonly #startedAt = performance.now();
  #fault: DslError | null = null;

  constructor(deps: WorkerDeps, claimed: ClaimedRun, holder: Holder, options: AttemptOptions) {
    this.#deps = deps;
    this.#holder = holder;
    this.#format = claimed.format;
    this.#options = options;
    this.#buffer = createTimelineBuffer(claimed.timeline_count, this.redactor);
    this.#recorder = createRecorder(() => this.#checkpoint());
    this.#fence = {
      runId: claimed.id,
      lease: claimed.lease,
      timelineCount: claimed.timeline_count,
      timelineDropped: claimed.timeline_dropped,
    };
    const now = databaseClock(claimed);
    this.ports = {
      now,
      random: Math.random,
      monotonic: () => performance.now(),
      turn(usedMs) {
        options.computed(usedMs);
        return deps.turn({ workflowId: claimed.workflow_id, usedMs, signal: holder.signal });
      },
      sleep: async (ms, signal) => sleep(ms, undefined, { signal }),
      after(ms, action) {
        const timer = setTimeout(action, ms);
        return () => clearTimeout(timer);
      },
      record: this.#recorder.record,
      recorded: async () => {
        await this.#recorder.recorded();
        // A step follows: after a pause of the process somebody else may be at it.
        await options.confirmed(holder.signal);
      },
      interruption: holder.reason,
      signal: holder.signal,
      http: deps.egress.request,
      grpc: deps.egress.grpc,
      tokens: deps.tokens.of(claimed.org_id, now),
      conceal: (credential) => this.redactor.add(credential),
      children: createChildren(deps, claimed),
      events: createEvents(deps, claimed),
      changed: (branch) => options.tree.changed(branch),
      timeline: this.#buffer.addTask,
    };
  }

  fault(): DslError | null {
    return this.#fault;
  }

  format(): number {
    return this.#format;
  }

  at(): string {
    return new Date(this.ports.now()).toISOString();
  }

  addEntry(entry: RunEntry): void {
    this.#buffer.addRun(entry);
  }

  durationMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  async settle(): Promise<WrittenTree | null> {
    await this.#recorder.stop();
    await this.#recorder.recorded();
    return this.#tree();
  }

  async leave(leave: Leave): Promise<LeftRun | null> {
    await this.#recorder.stop();
    if (this.#holder.reason() === 'lost' && this.#fault === null) return null;
    const batch = this.#buffer.take();
    const fence = this.#fence;
    return this.#write<LeftRun>(
      (alone) => this.#deps.writes.leave({ fence, leave, batch }, alone),
      (row) => (row.status !== 'running' && isAfter(row, fence, batch) ? row : null),
    );
  }

  /** Once in the newer format, a run stays in it. */
  #tree(): WrittenTree | null {
    this.#format = Math.max(this.#format, this.#deps.format());
    return this.#options.tree.write(this.#format);
  }

  async #checkpoint(): Promise<void> {
    const tree = this.#tree();
    if (tree === null) {
      this.#fault = stateFault('state', this.#deps.config.maxRunStateBytes);
      this.#holder.interrupt('lost');
      return;
    }
    const batch = this.#buffer.take();
    const fence = this.#fence;
    const written = await this.#write<{ lease: number }>(
      (alone) => this.#deps.writes.checkpoint({ fence, tree, batch }, alone),
      (row) => (isAfter(row, fence, batch) && row.revision === tree.revision ? { lease: row.lease } : null),
    );
    if (written === null) this.#holder.interrupt('lost');
    fence.timelineCount += batch.count;
    fence.timelineDropped += batch.dropped;
  }

  #write<T>(
    send: (alone: boolean) => Promise<T | null>,
    landed: (row: OwnWrite) => T | null,
  ): Promise<T | null> {
    const { sql, config } = this.#deps;
    return writeFenced({ sql, config, fence: this.#fence, giveUp: this.#options.giveUp, send, landed });
  }
}

/** Begins the attempt of a claimed run. */
export const openAttempt = (
  deps: WorkerDeps,
  claimed: ClaimedRun,
  holder: Holder,
  options: AttemptOptions,
): Attempt => new FencedAttempt(deps, claimed, holder, options);
