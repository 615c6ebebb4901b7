/** The language's errors for what can go wrong with a gRPC call. Texts name method and host, and no argument. */
import type { ErrorName, WorkflowError } from '../../engine/errors.ts';
import type { Frame } from '../../engine/frame.ts';
import { GrpcFailure, HttpFailure, type GrpcRequest } from '../../engine/types.ts';
import { statusOf } from './status.ts';

const MAX_MESSAGE_LENGTH = 300;

const KINDS: { readonly [kind in HttpFailure['kind']]: ErrorName } = {
  refused: 'authorization',
  network: 'communication',
  timeout: 'timeout',
  too_large: 'runtime',
  invalid: 'expression',
};

/** Statuses that the language has a type of its own for (dsl-reference, Standard Error Types). */
const BY_STATUS = new Map<string, ErrorName>([
  ['UNAUTHENTICATED', 'authentication'],
  ['PERMISSION_DENIED', 'authorization'],
  ['DEADLINE_EXCEEDED', 'timeout'],
]);

/** Why a call gave no result. Anything that is neither failure of the port is a bug and goes on as it is. */
export function failedGrpcCall(frame: Frame, request: GrpcRequest, error: unknown): unknown {
  if (error instanceof GrpcFailure) return badStatus(frame, request, error);
  if (!(error instanceof HttpFailure)) return error;
  const detail = `${callOf(request)} failed: ${error.message}.`;
  return frame.fail(KINDS[error.kind], detail, { cause: error });
}

/** The call's own time limit was reached. */
export function grpcTimedOut(
  frame: Frame,
  request: GrpcRequest,
  timeoutMs: number,
  cause: unknown,
): WorkflowError {
  return frame.fail('timeout', `${callOf(request)} gave no answer within ${timeoutMs} ms.`, { cause });
}

/** An answer that came whole and cannot be used: 422, which asks for no new attempt. */
export function badMessage(frame: Frame, request: GrpcRequest, problem: string): WorkflowError {
  const detail = `The answer of ${callOf(request)} cannot be read: ${problem}.`;
  return frame.fail('communication', detail, { status: 422 });
}

function badStatus(frame: Frame, request: GrpcRequest, failure: GrpcFailure): WorkflowError {
  const { name, httpStatus } = statusOf(failure.code);
  const title = `${callOf(request)} answered ${name}`;
  const said = shorten(failure.message);
  const kind = BY_STATUS.get(name) ?? 'communication';
  return frame.fail(kind, said === '' ? `${title}.` : `${title}: ${said}`, {
    title,
    ...(kind !== 'timeout' && { status: httpStatus }),
    cause: failure,
  });
}

/** `pets.v1.Pets/GetPet api.example.org:443` */
const callOf = ({ path, host, port }: GrpcRequest): string => `${path.slice(1)} ${host}:${port}`;

/** At most so many UTF-16 units, never half a surrogate pair. */
const shorten = (text: string): string =>
  text.length > MAX_MESSAGE_LENGTH
    ? `${text.slice(0, MAX_MESSAGE_LENGTH).replace(/[\uD800-\uDBFF]$/, '')}…`
    : text;
