/** A caller without network or time, and authorities and services of the test's own. */
import { standardError, standardName, WorkflowError } from '../../../../lib/engine/errors.ts';
import { compileTemplate, RUNTIME_VARIABLES } from '../../../../lib/engine/expression.ts';
import { member } from '../../../../lib/engine/json.ts';
import type { HttpRequest, HttpResponse, Json } from '../../../../lib/engine/types.ts';
import {
  type Authentication,
  type Caller,
  compileAuthentication,
  type Credentials,
} from '../../../../lib/tasks/authentication/index.ts';
import { FakePorts } from '../../../support/engine-ports.ts';

export interface Scene {
  ports: FakePorts;
  caller: Caller;
  /** What became `$authorization`, in order. */
  authorized: Credentials[];
}

export interface Props {
  input?: Json;
  secrets?: { [name: string]: Json };
  answer?: (request: HttpRequest, signal: AbortSignal) => HttpResponse | Promise<HttpResponse>;
  /** Those of another scene, to share its clock and tokens. */
  ports?: FakePorts;
}

export function scene({ input = null, secrets = {}, answer, ports = new FakePorts() }: Props = {}): Scene {
  if (answer !== undefined) ports.answer = async (request, signal) => answer(request, signal);
  const authorized: Credentials[] = [];
  const fail: Caller['fail'] = (name, detail, members = {}) =>
    new WorkflowError(standardError(name, detail, '/do/0/call', members), 'task', members);
  const scope = { instance: '/do/0/call', limits: {}, nowMs: () => ports.now(), variable: () => null };
  const caller: Caller = {
    evaluate: (what) => what.evaluate(input, scope),
    secret(name) {
      const value = member(secrets, name);
      if (value === undefined) throw fail('authorization', `The org has no secret "${name}".`);
      return value;
    },
    http: (request, signal) => ports.http(request, signal),
    tokens: ports.tokens,
    nowMs: () => ports.now(),
    fail,
    authorized: (credentials) => authorized.push(credentials),
  };
  return { ports, caller, authorized };
}

export const compile = (node: Json, use: { [name: string]: Json } = {}): Authentication =>
  compileAuthentication(node, {
    pointer: '/do/0/call',
    template: (value) => compileTemplate(value, RUNTIME_VARIABLES),
    reusable: (_, name) => use[name] ?? null,
  });

export const GET: HttpRequest = {
  method: 'GET',
  url: 'https://api.example.org/pets?a=b',
  headers: { 'x-trace': '1' },
  followRedirects: false,
};

/** Sends a request through the scene's port. */
export function send(
  { caller, ports }: Scene,
  authentication: Authentication,
  request: HttpRequest = GET,
  signal: AbortSignal = new AbortController().signal,
): Promise<HttpResponse> {
  return authentication.send(caller, request, signal, (sent) => ports.http(sent, signal));
}

export const response = (
  request: HttpRequest,
  status: number,
  body: Json | null = null,
  headers: Record<string, string> = {},
): HttpResponse => ({
  status,
  headers,
  body: body === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body)),
  url: request.url,
});

/** The members of a form, or of a JSON object. */
export const bodyOf = (request: HttpRequest): Record<string, string> =>
  request.headers['content-type'] === 'application/json'
    ? (JSON.parse(String(request.body)) as Record<string, string>)
    : Object.fromEntries(new URLSearchParams(String(request.body)));

/** The error that something must fail with, its type by its short name. */
export async function failureOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowError)) throw new Error(`no WorkflowError: ${String(error)}`);
  const { status, detail = '' } = error.error;
  return { type: standardName(error.error.type), status, detail };
}
