/**
 * A local HTTP service that records every effect a workflow has, by its idempotency key. How it behaves is said
 * in the URL of the call, so a definition carries it along.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from './stack.ts';

/** What the first `times` calls with one key meet (all of them, without `times`); later ones are answered at once. */
interface Behaviour {
  delayMs?: number;
  /** Answered instead of 200. */
  status?: number;
  /** Never answered. */
  hang?: boolean;
  times?: number;
}

export interface Effect {
  /** `vespid-idempotency-key` */
  key: string;
  /** Last segment of the path. */
  step: string;
  /** The how-many-th call with its key, from 1. */
  call: number;
  /** Date.now() */
  startedAt: number;
  /** null while it is not answered, and for ever when it hangs. */
  status: number | null;
  /** Date.now() of the answer. */
  answeredAt: number | null;
  /** When the caller closed the connection without waiting for the answer. */
  abandonedAt: number | null;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface EffectService {
  /** The endpoint of a step, for a definition. Answers `{ "step": …, "call": n }`. */
  endpoint(step: string, behaviour?: Behaviour): string;
  effects: readonly Effect[];
  /** Those of one run. */
  of(runId: string): Effect[];
  /** How often each step of a run was called. */
  counts(runId: string): Record<string, number>;
  /** Waits until the step of the run was called so often. */
  called(runId: string, step: string, times?: number): Promise<Effect>;
  close(): Promise<void>;
}

class Service implements EffectService {
  readonly effects: Effect[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #calls = new Map<string, number>();
  #baseUrl = '';

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    // Listening on a port, never on a pipe.
    this.#baseUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  endpoint(step: string, behaviour: Behaviour = {}): string {
    const query = Object.entries(behaviour).map(([name, value]) => `${name}=${Number(value)}`);
    return `${this.#baseUrl}/${step}${query.length > 0 ? '?' : ''}${query.join('&')}`;
  }

  of(runId: string): Effect[] {
    return this.effects.filter(({ key }) => key.startsWith(runId));
  }

  counts(runId: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { step } of this.of(runId)) counts[step] = (counts[step] ?? 0) + 1;
    return counts;
  }

  called(runId: string, step: string, times = 1): Promise<Effect> {
    return waitUntil(() => this.of(runId).filter((effect) => effect.step === step)[times - 1], {
      what: `run ${runId} calls ${step} for the ${times}. time`,
      timeoutMs: 20_000,
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.#baseUrl);
    const step = pathname.slice(pathname.lastIndexOf('/') + 1);
    const key = String(request.headers['vespid-idempotency-key']);
    const call = (this.#calls.get(`${key} ${step}`) ?? 0) + 1;
    this.#calls.set(`${key} ${step}`, call);
    const { headers } = request;
    const effect: Effect = {
      key,
      step,
      call,
      startedAt: Date.now(),
      status: null,
      answeredAt: null,
      abandonedAt: null,
      headers,
      body: '',
    };
    this.effects.push(effect);
    response.once('close', () => {
      if (effect.status === null) effect.abandonedAt = Date.now();
    });
    request.setEncoding('utf8').on('data', (chunk: string) => (effect.body += chunk));
    const behaves = call <= Number(searchParams.get('times') ?? Number.POSITIVE_INFINITY);
    if (behaves && searchParams.has('hang')) return;
    if (behaves) await sleep(Number(searchParams.get('delayMs') ?? 0));
    const status = behaves ? Number(searchParams.get('status') ?? 200) : 200;
    if (response.destroyed) return;
    effect.status = status;
    effect.answeredAt = Date.now();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ step, call }));
  }
}

/** Starts the service on 127.0.0.1. */
export async function openEffects(): Promise<EffectService> {
  const service = new Service();
  await service.listen();
  return service;
}

/** A task of a definition: its name and what it does. */
export type Task = Record<string, unknown>;

/** The text of a definition (JSON is YAML). */
export const workflow = (...tasks: Task[]): string =>
  JSON.stringify({
    document: { dsl: '1.0.3', namespace: 'test', name: 'worker', version: '1.0.0' },
    do: tasks,
  });

/** A task that calls a step of the service and appends the answer to the run's context. */
export const callStep = (endpoint: string, more: Record<string, unknown> = {}): Task => {
  const step = new URL(endpoint).pathname.slice(1);
  return {
    [step]: {
      call: 'http',
      with: { method: 'post', endpoint, body: { from: 'the worker' }, ...more },
      export: { as: '${ ($context // []) + ["\\(.step) \\(.call)"] }' },
    },
  };
};

/** A task whose output, and so the run's, is what `callStep` has gathered: one `"<step> <call>"` for each answer. */
export const gathered: Task = { gathered: { set: { steps: '${ $context }' } } };
