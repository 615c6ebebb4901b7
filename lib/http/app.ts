/** Puts routes together into one application: everything that requests have in common is here. */
import { Hono, type Context, type Handler, type MiddlewareHandler } from 'hono';
import type { Deps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { Variables } from './answer.ts';
import { authenticate, authorize, requireAdminToken } from './authenticate.ts';
import { ClientGone, refuseLargeBody } from './body.ts';
import { describeFailure, problemResponse, toApiError } from './problem.ts';
import type { RequestContext, Route } from './route.ts';
import { requestIdOf } from './request-id.ts';
import { isUuid } from './uuid.ts';

type AppEnv = { Variables: Variables };
export type App = Hono<AppEnv>;

export interface AppOptions {
  /** Aborts when the process is asked to stop. */
  stopping?: AbortSignal;
  /** Every route there is, for the API document; by default those served. */
  documented?: () => Promise<readonly Route[]>;
}

/** Sets `X-Request-Id` on every answer; lets go of a body that HEAD does not send; ends connections at a stop. */
const envelope =
  (stopping: AbortSignal): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    c.set('requestId', requestIdOf(c.req.header('x-request-id')));
    await next();
    if (c.get('enveloped') === true) return;
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
    // Not `c.header`: it would copy the answer, and make a stream of a body that is a text.
    c.res.headers.set('X-Request-Id', c.get('requestId'));
    if (stopping.aborted) c.res.headers.set('Connection', 'close');
  };

/** The parameters of a route's paths that are ids. */
const idNames = ({ paths }: Route): string[] => [
  ...new Set(paths.flatMap((path) => [...path.matchAll(/:(\w+Id)\b/g)].map(([, name = '']) => name))),
];

/** What is not an id cannot name a resource, and must not reach Postgres. @param names those the path may have */
function refuseMalformedIds(c: Context, names: readonly string[]): void {
  for (const name of names) {
    const value = c.req.param(name);
    if (value !== undefined && !isUuid(value)) throw notFound();
  }
}

/** The handler of one route behind what its `access` asks for. */
function endpoint(route: Route, deps: Deps, options: Required<AppOptions>): Handler<AppEnv> {
  const ids = idNames(route);
  return async (c) => {
    const context: RequestContext = {
      c,
      deps,
      get signal() {
        return c.req.raw.signal;
      },
      stopping: options.stopping,
      requestId: c.get('requestId'),
      documented: options.documented,
    };
    if (route.access === 'public') return route.handler(context);
    if (route.access === 'admin-token') {
      requireAdminToken(c.req, deps.config.adminToken);
      refuseLargeBody(c, deps.config.maxBodyBytes);
      return route.handler(context);
    }
    const caller = await authenticate(c.req, deps.keys);
    await deps.limits.countRequest(caller.orgId, caller.limits);
    refuseMalformedIds(c, ids);
    // A route without `:orgId` is about the caller's own org.
    authorize(caller, c.req.param('orgId') ?? caller.orgId, route.access);
    refuseLargeBody(c, deps.config.maxBodyBytes);
    return route.handler(Object.assign(context, { caller }));
  };
}

/** Every path with the methods it answers, in the order of the routes. */
function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { method, paths } of routes) {
    for (const path of paths) {
      const names = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
      methods.set(path, [...(methods.get(path) ?? []), ...names]);
    }
  }
  return methods;
}

/**
 * The application. Per request: request id, authentication, ids and org of the path, scope, announced size,
 * handler; whatever is thrown becomes a problem document.
 * @param routes those to serve
 */
export function createApp(routes: readonly Route[], deps: Deps, given: AppOptions = {}): App {
  const stopping = given.stopping ?? new AbortController().signal;
  const options = { stopping, documented: given.documented ?? (async () => routes) };
  const app: App = new Hono<AppEnv>();

  app.onError((error, c) => {
    const requestId = c.get('requestId');
    if (error instanceof ClientGone) {
      deps.log.debug({ requestId }, 'the client went away');
      return new Response(null, { status: 499 });
    }
    const problem = toApiError(error);
    if (problem !== error) {
      const line = {
        event: 'request_failed',
        code: problem.code,
        requestId,
        method: c.req.method,
        path: c.req.path,
      };
      deps.log.error({ ...line, err: describeFailure(error) }, 'request failed');
    }
    return problemResponse(problem, requestId);
  });
  app.notFound((c) => problemResponse(notFound(), c.get('requestId')));

  app.use(envelope(stopping));
  for (const route of routes) app.on(route.method.toUpperCase(), route.paths, endpoint(route, deps, options));
  // The closed list of codes has no 405: a method that a path does not answer is a 404 that says which it does.
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(path, (c) => {
      const answer = problemResponse(notFound(), c.get('requestId'));
      answer.headers.set('allow', methods.join(', '));
      return answer;
    });
  }
  return app;
}
