/** Runs one `call: http` on the real engine and the real egress client, against a server of the test's own. */
import { standardName } from '../../../lib/engine/errors.ts';
import type { Json, Outcome } from '../../../lib/engine/types.ts';
import type { Egress } from '../../../lib/egress/index.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { run } from '../../support/engine-run.ts';
import { open, serve } from '../egress/kit.ts';
import type { LocalServer } from '../egress/local-server.ts';

export interface CallOptions {
  /** A client that reaches 127.0.0.1 when absent. */
  egress?: Pick<Egress, 'request'>;
  input?: Json;
  callTimeoutMs?: number;
  signal?: AbortSignal;
  secrets?: { [name: string]: Json };
  /** Members of the task besides `call` and `with`. */
  task?: { [name: string]: Json };
}

/** The outcome of a workflow whose one task, `/do/0/call`, is the call. */
export async function call(arguments_: Json, options: CallOptions = {}): Promise<Outcome> {
  const definition: Json = {
    document: { dsl: '1.0.3', namespace: 'test', name: 'call', version: '1.0.0' },
    do: [{ call: { call: 'http', with: arguments_, ...options.task } }],
  };
  const egress = options.egress ?? open();
  const ports = new FakePorts();
  ports.answer = (request, bounded) => egress.request(request, bounded);
  options.signal?.addEventListener('abort', () => ports.interrupt('cancelled', true));
  const { outcome } = await run(definition, {
    ports,
    input: options.input ?? null,
    limits: { callTimeoutMs: options.callTimeoutMs ?? 10_000 },
    ...(options.secrets !== undefined && { secrets: options.secrets }),
  });
  return outcome;
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
