/** Runs one `call: openapi` in the interpreter, with an operation as a published version keeps it. */
import { HttpFailure, type HttpRequest, type HttpResponse } from '../../../../lib/engine/types.ts';
import type { Json } from '../../../../lib/jq/index.ts';
import type { Operation, OperationParameter } from '../../../../lib/tasks/openapi/operation.ts';
import { FakePorts } from '../../../support/engine-ports.ts';
import { failure, run, type Setup } from '../../../support/engine-run.ts';

export const POINTER = '/do/0/call';

export const operation = (members: Partial<Operation> = {}): Operation => ({
  format: 1,
  id: 'op',
  method: 'GET',
  server: 'https://api.example.org/v1',
  path: '/pets',
  accept: null,
  parameters: [],
  body: null,
  ...members,
});

export const parameter = (
  name: string,
  place: OperationParameter['in'],
  members: Partial<OperationParameter> = {},
): OperationParameter => ({
  name,
  in: place,
  required: place === 'path',
  style: place === 'query' || place === 'cookie' ? 'form' : 'simple',
  explode: place === 'query' || place === 'cookie',
  ...members,
});

export const ok = (body: Json = null): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(body)),
  url: '',
});

interface Call {
  parameters?: Json;
  more?: { [name: string]: Json };
  /** Tasks after the call. */
  after?: Json[];
  answer?: (request: HttpRequest) => HttpResponse;
}

function setupOf(kept: Operation | null, { answer = () => ok() }: Call): Setup & { ports: FakePorts } {
  const ports = new FakePorts();
  ports.answer = async (request) => answer(request);
  const resources = new Map(kept === null ? [] : [[`${POINTER}/with/document`, JSON.stringify(kept)]]);
  return { ports, resources };
}

export function workflowOf({ parameters, more = {}, after = [] }: Call): Json {
  const document = { endpoint: 'https://docs.example.org/pets.json' };
  const arguments_ = {
    document,
    operationId: 'op',
    ...(parameters !== undefined && { parameters }),
    ...more,
  };
  return {
    document: { dsl: '1.0.3', namespace: 'test', name: 'call', version: '1.0.0' },
    do: [{ call: { call: 'openapi', with: arguments_ } }, ...after],
  };
}

/** The request that the call sends. */
export async function requestOf(kept: Operation, parameters: Json, more: Setup = {}): Promise<HttpRequest> {
  const setup = setupOf(kept, {});
  const { outcome } = await run(workflowOf({ parameters }), { ...setup, ...more });
  const [request] = setup.ports.requests;
  if (request === undefined) throw new HttpFailure('network', `nothing was sent: ${JSON.stringify(outcome)}`);
  return request;
}

/** The URL that the call asks for, without the server. */
export async function urlOf(kept: Operation, parameters: Json): Promise<string> {
  const { url } = await requestOf(kept, parameters);
  return url.slice(kept.server.length);
}

/** The output of a call that succeeds, and what was sent. */
export async function answerOf(kept: Operation, call: Call, more: Setup = {}) {
  const setup = setupOf(kept, call);
  const { outcome } = await run(workflowOf(call), { ...setup, ...more });
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return { output: outcome.output, requests: setup.ports.requests };
}

/** The error of a call that fails, and what was sent. */
export async function errorOf(kept: Operation | null, call: Call) {
  const setup = setupOf(kept, call);
  const { error } = await failure(workflowOf(call), setup);
  return { error, requests: setup.ports.requests };
}
