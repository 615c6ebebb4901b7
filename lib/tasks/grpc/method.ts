/**
 * One method of a service: its messages as JSON (protobuf.dev, ProtoJSON) and in the wire format. Reflection
 * interprets the descriptors; nothing is compiled from what tenants write.
 */
import {
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import type { Json } from '../types.ts';
import { argumentProblem } from './argument-problem.ts';
import { openProto, type ProtoFile } from './file-descriptor.ts';
import { isTooMuch } from './json-bounds.ts';
import { excessOf } from './wire-bounds.ts';

type Result<T> = { ok: true; value: T } | { ok: false; problem: string };

export interface GrpcMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Sends any number of messages. */
  readonly requestStream: boolean;
  /** Answers with any number of messages. */
  readonly responseStream: boolean;
  /** Whether these arguments together would take too long to encode, or too much memory. */
  isTooMuch(messages: readonly Json[]): boolean;
  /** One message; the problem names the field. */
  encode(argument: Json): Result<Uint8Array>;
  /** The messages of one answer; fields without a value are left out, 64-bit integers are text. */
  decode(messages: readonly Uint8Array[]): Result<Json[]>;
}

/**
 * @param text a .proto file
 * @param service its full name, or the name alone in the file's package
 */
export function openMethod(text: string, service: string, method: string): Result<GrpcMethod> {
  const opened = openProto(text);
  if (!opened.ok) return opened;
  const found = serviceOf(opened.file, service);
  if (found === undefined) {
    return { ok: false, problem: `there is no service ${service}${known(servicesOf(opened.file.registry))}` };
  }
  const descriptor = found.methods.find(({ name }) => name === method);
  if (descriptor === undefined) {
    const names = found.methods.map(({ name }) => name);
    return { ok: false, problem: `the service ${found.typeName} has no method ${method}${known(names)}` };
  }
  return { ok: true, value: methodOf(found, descriptor, opened.file.registry) };
}

function methodOf(service: DescService, method: DescMethod, registry: FileRegistry): GrpcMethod {
  const { input, output, methodKind } = method;
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
    responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
    isTooMuch: (messages) => isTooMuch(input, messages, registry),
    encode(argument) {
      try {
        return { ok: true, value: toBinary(input, fromJson(input, argument, { registry })) };
      } catch {
        return { ok: false, problem: argumentProblem(input, argument, registry) };
      }
    },
    decode(messages) {
      const excess = excessOf(output, messages, registry);
      if (excess !== null) return { ok: false, problem: excess };
      try {
        const values = messages.map((bytes) =>
          toJson(output, fromBinary(output, bytes, { readUnknownFields: false }), { registry }),
        );
        return { ok: true, value: values };
      } catch {
        return { ok: false, problem: `it is not a valid ${output.typeName}` };
      }
    },
  };
}

const serviceOf = ({ registry, package: scope }: ProtoFile, name: string): DescService | undefined =>
  registry.getService(name) ?? registry.getService(`${scope}.${name}`);

function servicesOf(registry: FileRegistry): string[] {
  return [...registry].filter((type) => type.kind === 'service').map(({ typeName }) => typeName);
}

const known = (names: readonly string[]): string =>
  names.length === 0 ? '; there is none' : `; there is ${names.slice(0, 10).join(', ')}`;
