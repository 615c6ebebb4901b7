/** Runs one `call: http` on the real engine and the real egress client, against a server of the test's own. */
import { setImmediate as turn } from 'node:timers/promises';
import { compileWorkflow } from '../../../lib/dsl/compile.ts';
import { execute, newProgress } from '../../../lib/engine/execute.ts';
import { standardName } from '../../../lib/engine/errors.ts';
import type { Json, Outcome, Ports } from '../../../lib/engine/types.ts';
import type { Egress } from '../../../lib/egress/index.ts';
import { open, serve } from '../egress/kit.ts';
import type { LocalServer } from '../egress/local-server.ts';

export interface CallOptions {
  /** A client that reaches 127.0.0.1 when absent. */
  egress?: Pick<Egress, 'request'>;
  input?: Json;
  callTimeoutMs?: number;
  signal?: AbortSignal;
}

/** The outcome of a workflow whose one task, `/do/0/call`, is the call. */
export function call(arguments_: Json, options: CallOptions = {}): Promise<Outcome> {
  const definition: Json = {
    document: { dsl: '1.0.3', namespace: 'test', name: 'call', version: '1.0.0' },
    do: [{ call: { call: 'http', with: arguments_ } }],
  };
  const egress = options.egress ?? open();
  const signal = options.signal ?? new AbortController().signal;
  const ports: Ports = {
    now: () => 1_700_000_000_000,
    random: () => 0,
    monotonic: () => 0,
    yield: () => turn(),
    sleep: () => Promise.resolve(),
    record: () => undefined,
    recorded: () => Promise.resolve(),
    interruption: () => (signal.aborted ? 'cancelled' : null),
    signal,
    http: (request, bounded) => egress.request(request, bounded),
    timeline: () => undefined,
  };
  const facts = {
    runId: 'run-1',
    input: options.input ?? null,
    startedAtMs: 0,
    runtime: { name: 'vespid', version: '0' },
  };
  const limits = { maxSteps: 100, callTimeoutMs: options.callTimeoutMs ?? 10_000 };
  return execute(compileWorkflow(definition), facts, newProgress(), ports, limits);
}

/** A server with one answer. */
export function answering(
  contentType: string | null,
  body: string | Buffer,
  status = 200,
): Promise<LocalServer> {
  return serve((_, response) => {
    if (contentType !== null) response.setHeader('content-type', contentType);
    response.writeHead(status).end(body);
  });
}

/** The output of a call that must succeed. */
export async function outputOf(outcome: Promise<Outcome>): Promise<Json> {
  const ended = await outcome;
  if (ended.kind !== 'succeeded') throw new Error(JSON.stringify(ended));
  return ended.output;
}

/** The error of a call that must fail, its type by its short name. */
export async function failureOf(outcome: Promise<Outcome>) {
  const ended = await outcome;
  if (ended.kind !== 'failed') throw new Error(JSON.stringify(ended));
  return { ...ended.error, type: standardName(ended.error.type), retryable: ended.retryable };
}
