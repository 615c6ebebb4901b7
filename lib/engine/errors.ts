/** The language's errors (dsl-reference, Error and Standard Error Types). */
import type { DslError } from './types.ts';

const CANONICAL = 'https://serverlessworkflow.io/spec/1.0.0/errors/';

/** Prefixes that mean the same standard types: 1.0.3, the renamed project, and the form the CTK uses. */
const PREFIXES = [
  CANONICAL,
  'https://open-workflow-specification.org/spec/1.0.0/errors/',
  'https://serverlessworkflow.io/dsl/errors/types/',
  'https://open-workflow-specification.org/dsl/errors/types/',
];

const STANDARD = {
  configuration: { status: 400, title: 'Configuration error' },
  validation: { status: 400, title: 'Validation error' },
  expression: { status: 400, title: 'Expression error' },
  authentication: { status: 401, title: 'Authentication error' },
  authorization: { status: 403, title: 'Authorization error' },
  timeout: { status: 408, title: 'Timeout' },
  communication: { status: 500, title: 'Communication error' },
  runtime: { status: 500, title: 'Runtime error' },
} as const;

/** A standard error type by its short name. */
export type ErrorName = keyof typeof STANDARD;

/** The URI that is emitted for each standard type. */
export const ERROR_TYPES: { readonly [name in ErrorName]: string } = {
  configuration: `${CANONICAL}configuration`,
  validation: `${CANONICAL}validation`,
  expression: `${CANONICAL}expression`,
  authentication: `${CANONICAL}authentication`,
  authorization: `${CANONICAL}authorization`,
  timeout: `${CANONICAL}timeout`,
  communication: `${CANONICAL}communication`,
  runtime: `${CANONICAL}runtime`,
};

/** The short name of a standard type in any of its forms, or null for a type of the author's own. */
export function standardName(type: string): ErrorName | null {
  for (const prefix of PREFIXES) {
    const name = type.slice(prefix.length);
    if (type.startsWith(prefix) && isErrorName(name)) return name;
  }
  return null;
}

/** Whether two error types mean the same: equal text, or two forms of one standard type. */
export function sameErrorType(a: string, b: string): boolean {
  if (a === b) return true;
  const name = standardName(a);
  return name !== null && name === standardName(b);
}

/** The title of an error that was given none. */
export function defaultTitle(type: string): string {
  const name = standardName(type);
  return name === null ? 'Error' : STANDARD[name].title;
}

/** What a standard error may be given instead of its defaults. */
export interface ErrorMembers {
  status?: number;
  title?: string;
}

/** A standard error with its default status and title. `instance` is a JSON pointer to the task. */
export function standardError(
  name: ErrorName,
  detail: string,
  instance: string,
  members: ErrorMembers = {},
): DslError {
  const { status, title } = STANDARD[name];
  return {
    type: ERROR_TYPES[name],
    status: members.status ?? status,
    title: members.title ?? title,
    detail,
    instance,
  };
}

/**
 * Where an error came from: a `raise` task, a call to the outside, the run of another workflow, anything else in a
 * task, or a limit of the platform, which no `try` catches.
 */
export type ErrorOrigin = 'raise' | 'call' | 'child' | 'task' | 'limit';

/** An error of the language: ordinary control flow, unlike any other exception, which is a bug. */
export class WorkflowError extends Error {
  readonly error: DslError;
  readonly origin: ErrorOrigin;

  constructor(error: DslError, origin: ErrorOrigin, options?: ErrorOptions) {
    super(error.detail ?? error.title, options);
    this.name = 'WorkflowError';
    this.error = error;
    this.origin = origin;
  }
}

/**
 * Whether a new attempt of the run may help (contract, section 4). Decided by type, status and origin, never by
 * a message: communication errors with 408, 425, 429 or 5xx, and timeouts of a call; never what
 * `raise` raised or what ended a run of its own.
 */
export function isRetryable({ error, origin }: WorkflowError): boolean {
  if (origin === 'raise' || origin === 'child' || origin === 'limit') return false;
  const name = standardName(error.type);
  if (name === 'timeout') return origin === 'call';
  if (name !== 'communication') return false;
  return [408, 425, 429].includes(error.status) || (error.status >= 500 && error.status <= 599);
}

const isErrorName = (name: string): name is ErrorName => Object.hasOwn(STANDARD, name);
