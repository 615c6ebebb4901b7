/** Authentication of outbound calls (dsl-reference, Authentication): compiled once, used for every request. */
import type { ErrorMembers, ErrorName, WorkflowError } from '../../engine/errors.ts';
import type { HttpRequest, HttpResponse, TokenCache } from '../../engine/types.ts';
import type { CompileContext, Evaluable, Json } from '../types.ts';

/** `$authorization` (dsl.md, Authorization Descriptor): what stands in the field Authorization. */
export interface Credentials {
  scheme: 'Basic' | 'Bearer' | 'Digest';
  /** Empty for Digest, whose answers are good for one request. */
  parameter: string;
}

/** What authentication needs of whoever calls: a task under way, or the publication of a version. */
export interface Caller {
  /** Evaluates on the task's input. @throws {WorkflowError} of type expression */
  evaluate(what: Evaluable): Json;
  /** A secret that the definition names in `use.secrets`. @throws {WorkflowError} 403 when the org has none */
  secret(name: string): Json;
  /** Sends one request through the egress guard, for tokens and discovery. @throws {HttpFailure} */
  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  readonly tokens: TokenCache;
  nowMs(): number;
  /** A standard error, to be thrown. */
  fail(name: ErrorName, detail: string, members?: ErrorMembers & ErrorOptions): WorkflowError;
  /** Called with what is sent, for the later stages of the task. */
  authorized(credentials: Credentials): void;
}

export type AuthenticationContext = Pick<CompileContext, 'pointer' | 'template' | 'reusable'>;

export interface Authentication {
  readonly scheme: Credentials['scheme'];
  /**
   * Sends a request with credentials: a header, a token that is fetched first, an answer to a challenge.
   * @param send sends one request, as often as the scheme needs
   * @throws {WorkflowError} of type authentication when no token can be had
   */
  send(
    caller: Caller,
    request: HttpRequest,
    signal: AbortSignal,
    send: (request: HttpRequest) => Promise<HttpResponse>,
  ): Promise<HttpResponse>;
  /**
   * Credentials for a protocol without challenges (gRPC).
   * @throws {WorkflowError} of type configuration for a scheme that needs one (digest)
   */
  credentials(caller: Caller, signal: AbortSignal): Promise<Credentials>;
}
