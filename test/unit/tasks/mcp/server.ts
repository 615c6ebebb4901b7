/** A scripted MCP server behind the port of a task, and one `call: mcp` that talks to it. */
import { standardName } from '../../../../lib/engine/errors.ts';
import type { HttpRequest, HttpResponse, Json, Outcome } from '../../../../lib/engine/types.ts';
import { FakePorts } from '../../../support/engine-ports.ts';
import { run } from '../../../support/engine-run.ts';

/** A JSON-RPC message of the client. */
export interface Message {
  jsonrpc: '2.0';
  id?: number;
  method?: string;
  params?: { [name: string]: Json };
}

interface Seen {
  request: HttpRequest;
  /** null without a body */
  message: Message | null;
}

export const json = (
  value: unknown,
  headers: { [name: string]: string } = {},
  status = 200,
): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: new TextEncoder().encode(JSON.stringify(value)),
  url: '',
});

export const events = (...data: string[]): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8' },
  body: new TextEncoder().encode(data.join('')),
  url: '',
});

export const status = (code: number): HttpResponse => ({
  status: code,
  headers: {},
  body: new Uint8Array(),
  url: '',
});

export const result = (message: Message, value: unknown, headers = {}): HttpResponse =>
  json({ jsonrpc: '2.0', id: message.id, result: value }, headers);

export const initialized = (message: Message, protocolVersion: string, headers = {}): HttpResponse =>
  result(
    message,
    { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'test', version: '1' } },
    headers,
  );

/** What the server does with a message or a DELETE; what is undefined is done as servers do. */
export type Script = (
  message: Message | null,
  request: HttpRequest,
  signal: AbortSignal,
) => HttpResponse | Promise<HttpResponse> | undefined;

/** No answer until the request is given up. */
export const silence = (signal: AbortSignal): Promise<HttpResponse> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

export interface McpOptions {
  with?: { [name: string]: Json };
  http?: { [name: string]: Json };
  input?: Json;
  secrets?: { [name: string]: Json };
  callTimeoutMs?: number;
  task?: { [name: string]: Json };
  /** Given the ports before the run. */
  prepare?: (ports: FakePorts) => void;
}

export interface McpRun {
  outcome: Outcome;
  seen: Seen[];
  /** `initialize`, `notifications/initialized`, `tools/list`, `DELETE`… */
  story: string[];
}

/** The outcome of a workflow whose one task, `/do/0/call`, is the call. */
export async function call(script: Script, options: McpOptions = {}): Promise<McpRun> {
  const seen: Seen[] = [];
  const ports = new FakePorts();
  options.prepare?.(ports);
  ports.answer = async (request, signal) => {
    signal.throwIfAborted();
    const message = typeof request.body === 'string' ? (JSON.parse(request.body) as Message) : null;
    seen.push({ request, message });
    const answer = script(message, request, signal);
    if (answer !== undefined) return answer;
    if (message?.method === 'initialize') return initialized(message, '2025-06-18');
    return message?.id === undefined ? status(202) : result(message, {});
  };
  const definition: Json = {
    document: { dsl: '1.0.3', namespace: 'test', name: 'call', version: '1.0.0' },
    do: [
      {
        call: {
          call: 'mcp',
          with: {
            method: 'tools/list',
            transport: { http: { endpoint: 'https://mcp.example.org/mcp?key=1', ...options.http } },
            ...options.with,
          },
          ...options.task,
        },
      },
    ],
  };
  const { outcome } = await run(definition, {
    ports,
    input: options.input ?? null,
    limits: { callTimeoutMs: options.callTimeoutMs ?? 10_000 },
    ...(options.secrets !== undefined && { secrets: options.secrets }),
  });
  return { outcome, seen, story: seen.map(({ request, message }) => message?.method ?? request.method) };
}

export async function outputOf(ran: Promise<McpRun>): Promise<Json> {
  const { outcome } = await ran;
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output;
}

/** The error of a call that must fail, its type by its short name. */
export async function failureOf(ran: Promise<McpRun>) {
  const { outcome } = await ran;
  if (outcome.kind !== 'failed') throw new Error(JSON.stringify(outcome));
  return { ...outcome.error, type: standardName(outcome.error.type), retryable: outcome.retryable };
}
