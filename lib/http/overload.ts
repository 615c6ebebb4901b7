/** The answer to a request to create runs while the process has as many under way as it can serve in time. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Admission } from './admission.ts';
import { toProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';

/** `POST …/runs` and `POST …/runs/batch`, and the org. */
const CREATES_RUNS = /^\/v1\/orgs\/([^/?]+)\/workflows\/[^/?]+\/runs(?:\/batch)?(?:\?|$)/;
/** `Retry-After` of those refused takes turns, so that they do not all come back together. */
const RETRY_AFTER_SECONDS = [1, 2, 3];
/** Under overload a line for each refusal would cost as much as serving some: one line tells of all in so long, ms. */
const LOG_EVERY_MS = 1000;
const REASON = 'overloaded';

export interface Overload {
  /** Bounds the creations of runs that are under way. */
  admission: Admission;
  /**
   * Refuses a request to create runs while that would be refused anyway: before authentication, and without reading its
   * body. The org is that of the path. @returns whether it did
   */
  refuseEarly(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  /** Counts and logs the refusal of `runs`. @returns the error for the caller */
  refuse(runs: number): ApiError;
}

export interface OverloadOptions {
  log: Logger;
  metrics: Pick<Metrics, 'count' | 'countRunCreateRequest' | 'gauge'>;
  admission?: Admission;
}

class Guard implements Overload {
  readonly admission: Admission;
  readonly #options: OverloadOptions;
  #refusals = 0;
  #unlogged = 0;
  #isLineDue = false;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.admission = options.admission ?? new Admission();
    const { metrics } = options;
    metrics.gauge('vespid_run_creations_in_flight', 'Weight of the creations of runs under way', () =>
      Math.round(this.admission.inFlight),
    );
    metrics.gauge('vespid_run_creations_limit', 'Weight from which on creations are refused', () =>
      Math.round(this.admission.limit),
    );
  }

  refuseEarly(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    if (incoming.method !== 'POST' || !this.admission.isBusy) return false;
    const orgId = CREATES_RUNS.exec(incoming.url ?? '')?.[1];
    if (orgId === undefined || !this.admission.isFull(orgId.toLowerCase())) return false;
    const requestId = requestIdOf(incoming.headers['x-request-id']);
    const error = this.refuse(1);
    const body = JSON.stringify(toProblem(error, requestId));
    outgoing
      .writeHead(503, {
        'Content-Type': 'application/problem+json',
        'Content-Length': Buffer.byteLength(body),
        'Retry-After': error.retryAfterSeconds,
        'X-Request-Id': requestId,
      })
      .end(body);
    return true;
  }

  refuse(runs: number): ApiError {
    const { metrics } = this.#options;
    for (let run = 0; run < runs; run += 1) {
      metrics.countRunCreateRequest();
      metrics.count('queue_unavailable');
    }
    this.#unlogged += runs;
    this.#scheduleLine();
    this.#refusals += 1;
    const retryAfterSeconds = RETRY_AFTER_SECONDS[this.#refusals % RETRY_AFTER_SECONDS.length] ?? 1;
    return new ApiError(
      'QUEUE_UNAVAILABLE',
      'The service has more requests than it can serve. Nothing was done for this one; send it again.',
      { retryAfterSeconds, extra: { reason: REASON } },
    );
  }

  #scheduleLine(): void {
    if (this.#isLineDue) return;
    this.#isLineDue = true;
    setTimeout(() => {
      const line = { orgId: null, workflowId: null, runId: null, version: null, reason: REASON };
      this.#options.log.warn({ event: 'queue_unavailable', ...line, count: this.#unlogged });
      this.#unlogged = 0;
      this.#isLineDue = false;
    }, LOG_EVERY_MS).unref();
  }
}

/** Opens the admission control of a process. */
export const openOverload = (options: OverloadOptions): Overload => new Guard(options);
