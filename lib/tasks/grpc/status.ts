/** gRPC statuses (grpc/grpc, statuscodes.md) and the HTTP statuses they stand for (google.rpc.Code). */

interface GrpcStatus {
  name: string;
  httpStatus: number;
}

const STATUSES: readonly GrpcStatus[] = [
  { name: 'OK', httpStatus: 200 },
  { name: 'CANCELLED', httpStatus: 499 },
  { name: 'UNKNOWN', httpStatus: 500 },
  { name: 'INVALID_ARGUMENT', httpStatus: 400 },
  { name: 'DEADLINE_EXCEEDED', httpStatus: 504 },
  { name: 'NOT_FOUND', httpStatus: 404 },
  { name: 'ALREADY_EXISTS', httpStatus: 409 },
  { name: 'PERMISSION_DENIED', httpStatus: 403 },
  { name: 'RESOURCE_EXHAUSTED', httpStatus: 429 },
  { name: 'FAILED_PRECONDITION', httpStatus: 400 },
  { name: 'ABORTED', httpStatus: 409 },
  { name: 'OUT_OF_RANGE', httpStatus: 400 },
  { name: 'UNIMPLEMENTED', httpStatus: 501 },
  { name: 'INTERNAL', httpStatus: 500 },
  { name: 'UNAVAILABLE', httpStatus: 503 },
  { name: 'DATA_LOSS', httpStatus: 500 },
  { name: 'UNAUTHENTICATED', httpStatus: 401 },
];

/** A code that is none counts as UNKNOWN, as the protocol has it. */
export function statusOf(code: number): GrpcStatus {
  return STATUSES[code] ?? { name: `UNKNOWN (${code})`, httpStatus: 500 };
}
