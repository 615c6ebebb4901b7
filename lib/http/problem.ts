/** Errors as `application/problem+json` (RFC 9457). */
import { isDatabaseUnavailable } from '../db/failure.ts';
import { ApiError, PROBLEMS, type ErrorItem } from '../errors.ts';

/** The body of every error answer; an ApiError's extra members stand beside these. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  requestId: string;
  errors?: ErrorItem[];
  [extra: string]: unknown;
}

/** Seconds after which a request that met a stopped database is worth sending again. */
const RETRY_AFTER_SECONDS = 2;

/** What the caller is told of an error: it itself when meant for callers, else as much as is safe. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isDatabaseUnavailable(error)) {
    const detail =
      'The database did not answer. A read may be repeated at once; after a write, look first whether it took effect.';
    return new ApiError('DATABASE_UNAVAILABLE', detail, {
      cause: error,
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
  return new ApiError(
    'INTERNAL',
    'The request failed inside the service. The log has more under this requestId.',
    {
      cause: error,
    },
  );
}

/** The problem document of an error; `type` is stable per code. */
export function toProblem(error: ApiError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    ...error.extra,
    type: `urn:vespid:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    requestId,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  };
}

/** The answer for an error. */
export function problemResponse(error: ApiError, requestId: string): Response {
  const problem = toProblem(error, requestId);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  // RFC 9110, section 15.5.2: a 401 names the scheme.
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/**
 * An unexpected error for the log. Errors of the database and of the query builder carry values of the
 * statement in their messages: of those only the code and the names stay.
 */
export function describeFailure(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const fields = error as {
    code?: unknown;
    query?: unknown;
    table_name?: unknown;
    constraint_name?: unknown;
  };
  const aboutQuery = 'query' in error || name === 'PostgresError';
  return {
    name,
    ...(fields.code === undefined ? {} : { code: fields.code }),
    ...(aboutQuery ? { table: fields.table_name, constraint: fields.constraint_name } : { message, stack }),
    ...(cause === undefined ? {} : { cause: describeFailure(cause) }),
  };
}
