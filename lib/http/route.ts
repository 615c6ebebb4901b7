/** What a route is: plain data and a handler that is given its dependencies. One file in handlers/ each. */
import type { Context } from 'hono';
import type { GenericSchema } from 'valibot';
import type { OrgLimits } from '../db/limits.ts';
import type { Deps } from '../deps.ts';

/** Scopes of an API key (contract, section 3). `admin` includes all others. */
export const SCOPES = [
  'workflows:read',
  'workflows:write',
  'runs:read',
  'runs:write',
  'secrets:write',
  'events:write',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks: a key of the org in the path, already checked for the route's scope. */
export interface Caller {
  orgId: string;
  keyId: string;
  scopes: readonly Scope[];
  /** Of the org. */
  limits: OrgLimits;
}

export interface RequestContext {
  /** Hono's context: `c.req` for the request, `c.json()` … for the answer. */
  c: Context;
  deps: Deps;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Aborts when the process is asked to stop: what waits for long (SSE, `Prefer: wait`) answers and ends. */
  stopping: AbortSignal;
  requestId: string;
  /** Every route there is, for the API document; loads their modules. */
  documented: () => Promise<readonly Route[]>;
}

interface RouteBase {
  /** The name of its file in handlers/, for example `start-run`. */
  name: string;
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Hono path patterns; the first is the canonical one. */
  paths: [string, ...string[]];
  /** One line for the OpenAPI document. */
  summary: string;
  /** For the OpenAPI document: the parameters of the query and of headers, with one line each. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** For the OpenAPI document: valibot schema of the JSON request body. */
  body?: GenericSchema;
  /** For the OpenAPI document: the body may also be a bare workflow definition, YAML or JSON. */
  takesDefinition?: true;
  /** For the OpenAPI document: JSON schemas of the request body by media type, where `body` does not say it. */
  bodySchemas?: Record<string, Record<string, unknown>>;
  /** For the OpenAPI document: what the answers mean, by status. */
  answers: Record<number, string>;
}

/** A route of one org: `:orgId` in its path, an API key with the scope required (`any-scope`: any key of the org). */
export interface OrgRoute extends RouteBase {
  access: Scope | 'any-scope';
  handler(context: RequestContext & { caller: Caller }): Promise<Response>;
}

/** `admin-token`: the operator's token; `public`: nobody is asked. */
export interface OpenRoute extends RouteBase {
  access: 'admin-token' | 'public';
  handler(context: RequestContext): Promise<Response>;
}

export type Route = OrgRoute | OpenRoute;

/** Types a route of one org. `caller.orgId` is `:orgId` of the path; another org's key gets the fresh 404. */
export const orgRoute = (route: OrgRoute): OrgRoute => route;
/** Types a route without an API key. */
export const openRoute = (route: OpenRoute): OpenRoute => route;
