/** Answers for the outside services that the conformance data calls. */
import { isDeepStrictEqual } from 'node:util';
import { member } from '../../../lib/engine/json.ts';
import type { HttpRequest, HttpResponse, Json } from '../../../lib/engine/types.ts';
import { readText } from './directory.ts';
import { withFindByStatus } from './petstore.ts';

/** One stand-in, in the form of `ctk/http-mocks.json`. */
export interface StandIn {
  host: string;
  method: string;
  path: string;
  /** Parameters that the query must have; absent for any query. */
  query?: Record<string, string>;
  /** Without this header, the answer is `otherwise`. */
  requireHeader?: Record<string, string>;
  otherwise?: { status: number };
  /** One status for all calls, or one a call, the last again and again. */
  status: number | number[];
  json?: Json;
  /** Of the conformance kit, to be answered as it is. */
  file?: string;
}

/** Those that come with the conformance kit. */
export const kitStandIns = (): StandIn[] =>
  (JSON.parse(readText('ctk/http-mocks.json')) as { mocks: StandIn[] }).mocks;

/** The answers of some stand-ins, and what was asked of them. */
export class StandInService {
  readonly requests: HttpRequest[] = [];
  readonly #standIns: readonly StandIn[];
  readonly #calls = new Map<StandIn, number>();

  constructor(standIns: readonly StandIn[]) {
    this.#standIns = standIns;
  }

  /** @throws {Error} naming the request, when nothing stands in for it: the run ends as by a bug */
  readonly answer = async (request: HttpRequest): Promise<HttpResponse> => {
    this.requests.push(request);
    const standIn = this.#standIns.find((candidate) => matches(candidate, request));
    if (standIn === undefined) throw new Error(`nothing stands in for ${request.method} ${request.url}`);
    const calls = this.#calls.get(standIn) ?? 0;
    this.#calls.set(standIn, calls + 1);
    const isGranted = Object.entries(standIn.requireHeader ?? {}).every(
      ([name, value]) => member(request.headers, name.toLowerCase()) === value,
    );
    if (!isGranted) return { ...EMPTY, status: standIn.otherwise?.status ?? 401, url: request.url };
    return {
      status: statusOf(standIn, calls),
      headers: { 'content-type': 'application/json' },
      body: new TextEncoder().encode(bodyOf(standIn)),
      url: request.url,
    };
  };
}

const EMPTY = { headers: {}, body: new Uint8Array() };

function matches({ host, method, path, query }: StandIn, request: HttpRequest): boolean {
  const url = new URL(request.url);
  if (url.host !== host || request.method !== method || url.pathname !== path) return false;
  return query === undefined || isDeepStrictEqual(Object.fromEntries(url.searchParams), query);
}

function statusOf({ status }: StandIn, calls: number): number {
  return Array.isArray(status) ? (status[calls] ?? status.at(-1) ?? 200) : status;
}

function bodyOf({ file, json }: StandIn): string {
  if (file === 'petstore-swagger.json') return withFindByStatus(file);
  if (file !== undefined) return readText(`ctk/${file}`);
  return json === undefined ? '' : JSON.stringify(json);
}
