/** The closed list of error codes (contract, section 2) and the one class that carries them. */

/** Status and title of every code a caller can meet. */
export const PROBLEMS = {
  INVALID_JSON: { status: 400, title: 'The body is not valid JSON' },
  INVALID_YAML: { status: 400, title: 'The body is not valid YAML' },
  UNAUTHENTICATED: { status: 401, title: 'A valid API key is required' },
  FORBIDDEN: { status: 403, title: 'The API key lacks the scope' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  WORKFLOW_NOT_PUBLISHED: { status: 409, title: 'The workflow has no published version' },
  IDEMPOTENCY_KEY_REUSED: { status: 409, title: 'The idempotency key was used for another request' },
  INVALID_STATE: { status: 409, title: 'Not possible in the present state' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The payload is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The media type is not supported' },
  VALIDATION_FAILED: { status: 422, title: 'The request is not valid' },
  WORKFLOW_INVALID: { status: 422, title: 'The workflow definition is not valid' },
  INPUT_INVALID: { status: 422, title: 'The input does not match the schema of the workflow' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  QUOTA_EXCEEDED: { status: 429, title: 'A quota is exceeded' },
  QUEUE_UNAVAILABLE: { status: 503, title: 'The queue could not take the run' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database is not available' },
  ENQUEUE_OUTCOME_UNKNOWN: { status: 503, title: 'It is not known whether the run was accepted' },
  INTERNAL: { status: 500, title: 'Internal error' },
} as const;

export type ErrorCode = keyof typeof PROBLEMS;

/** One thing wrong with the input: `path` is a JSON pointer into the request body (RFC 6901). */
export interface ErrorItem {
  path: string;
  message: string;
}

/** An error that a caller may see as it stands. Anything else becomes `INTERNAL` without its message. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly errors: ErrorItem[] | undefined;
  /** Further members of the problem document, for example `runId`. */
  readonly extra: Record<string, unknown>;
  /** Sent as `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: ErrorOptions & {
      errors?: ErrorItem[];
      extra?: Record<string, unknown>;
      retryAfterSeconds?: number;
    } = {},
  ) {
    super(detail, options);
    this.name = 'ApiError';
    this.code = code;
    this.errors = options.errors;
    this.extra = options.extra ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The same fresh answer for what does not exist and for what belongs to another org. */
export const notFound = (): ApiError => new ApiError('NOT_FOUND', 'There is no such resource.');
