/** Runs one `call: grpc` in the interpreter; messages are made and read by protobufjs, another implementation. */
import protobuf from 'protobufjs';
import { standardName } from '../../../../lib/engine/errors.ts';
import type { GrpcRequest, Json, Outcome } from '../../../../lib/engine/types.ts';
import { FakePorts } from '../../../support/engine-ports.ts';
import { run } from '../../../support/engine-run.ts';

export const PETS = `
  syntax = "proto3";
  package pets.v1;
  import "google/protobuf/timestamp.proto";
  import "google/api/annotations.proto";
  // The store.
  service Store {
    rpc Get (GetRequest) returns (Pet) { option (google.api.http) = { get: "/v1/pets" }; }
    rpc List (GetRequest) returns (stream Pet);
    rpc Add (stream Pet) returns (Summary);
  }
  message GetRequest { string name = 1; int32 limit = 2; }
  message Pet {
    string name = 1;
    int64 chip_number = 2;
    Kind kind = 3;
    repeated string tags = 4;
    map<string, Toy> toys = 5;
    oneof home { string house = 6; Cage cage = 7; }
    optional bool tame = 8;
    bytes photo = 9;
    repeated int32 weights = 10;
    google.protobuf.Timestamp born = 11;
    repeated Pet young = 12;
    message Toy { double price = 1 [json_name = "cost"]; }
    message Cage { uint32 bars = 1; }
  }
  message Summary { int32 count = 1; }
  enum Kind { UNKNOWN = 0; CAT = 1; DOG = 2; }
`;

/** The types of a .proto without imports, as protobufjs has them. */
export const oracle = (text: string, name: string): protobuf.Type =>
  protobuf.parse(text.replace(/import .*;|.*google\..*/g, ''), { keepCase: true }).root.lookupType(name);

export interface GrpcOptions {
  arguments?: Json;
  method?: string;
  service?: { [name: string]: Json };
  proto?: string | null;
  input?: Json;
  secrets?: { [name: string]: Json };
  callTimeoutMs?: number;
  task?: { [name: string]: Json };
}

export interface GrpcRun {
  outcome: Outcome;
  requests: GrpcRequest[];
  ports: FakePorts;
}

/** The outcome of a workflow whose one task, `/do/0/call`, is the call. */
export async function call(
  answer: (request: GrpcRequest, signal: AbortSignal) => Uint8Array[] | Promise<Uint8Array[]>,
  options: GrpcOptions = {},
): Promise<GrpcRun> {
  const requests: GrpcRequest[] = [];
  const ports = new FakePorts();
  ports.answerGrpc = async (request, signal) => {
    requests.push(request);
    return { messages: await answer(request, signal) };
  };
  const with_: { [name: string]: Json } = {
    proto: { endpoint: 'https://example.org/pets.proto' },
    service: { name: 'pets.v1.Store', host: 'pets.example.org', ...options.service },
    method: options.method ?? 'Get',
  };
  if (options.arguments !== undefined) with_['arguments'] = options.arguments;
  const definition: Json = {
    document: { dsl: '1.0.3', namespace: 'test', name: 'call', version: '1.0.0' },
    do: [{ call: { call: 'grpc', with: with_, ...options.task } }],
  };
  const proto = options.proto === undefined ? PETS : options.proto;
  const { outcome } = await run(definition, {
    ports,
    input: options.input ?? null,
    limits: { callTimeoutMs: options.callTimeoutMs ?? 10_000 },
    resources: new Map(proto === null ? [] : [['/do/0/call/with/proto', proto]]),
    ...(options.secrets !== undefined && { secrets: options.secrets }),
  });
  return { outcome, requests, ports };
}

export async function outputOf(ran: Promise<GrpcRun>): Promise<Json> {
  const { outcome } = await ran;
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output;
}

/** The error of a call that must fail, its type by its short name. */
export async function failureOf(ran: Promise<GrpcRun>) {
  const { outcome } = await ran;
  if (outcome.kind !== 'failed') throw new Error(JSON.stringify(outcome));
  return { ...outcome.error, type: standardName(outcome.error.type), retryable: outcome.retryable };
}
