/** A parsed .proto as a descriptor (google/protobuf/descriptor.proto), and as types that can be used. */
import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';
import { fieldDescriptor, fullName, isOptional3, mapEntry, ProtoProblem } from './field-descriptor.ts';
import { parseProto, type ParsedProto } from './parse-proto.ts';
import { importable, joined, TypeNames } from './type-names.ts';

export interface ProtoFile {
  package: string;
  /** Its types, and Google's that it imports. */
  registry: FileRegistry;
}

type Opened = { ok: true; file: ProtoFile } | { ok: false; problem: string };

/** Reads a .proto text; what is wrong with it is a value. */
export function openProto(text: string): Opened {
  const parsed = parseProto(text);
  if (!parsed.ok) return parsed;
  const { proto } = parsed;
  try {
    const registry = createFileRegistry(fileDescriptor(proto), importable);
    return { ok: true, file: { package: proto.package, registry } };
  } catch (error) {
    // The library checks numbers, duplicates and references; its reasons are about the text, like ours.
    const problem = error instanceof Error ? error.message.slice(0, 300) : 'it cannot be read';
    return { ok: false, problem };
  }
}

/** Extensions are left out: JSON has no place for them that a workflow could name. */
function fileDescriptor(proto: ParsedProto): FileDescriptorProto {
  const names = new TypeNames(proto);
  const { declarations } = proto;
  return create(FileDescriptorProtoSchema, {
    name: 'service.proto',
    package: proto.package,
    syntax: proto.syntax,
    dependency: [...new Set(proto.imports)].filter((path) => importable(path) !== undefined),
    messageType: messagesOf(declarations, proto.package, names),
    enumType: enumsOf(declarations),
    service: declarations.nestedArray
      .filter((object) => object instanceof protobuf.Service)
      .map((service) => serviceDescriptor(service, proto.package, names)),
  });
}

function messagesOf(namespace: protobuf.NamespaceBase, scope: string, names: TypeNames): DescriptorProto[] {
  return namespace.nestedArray
    .filter((object) => object instanceof protobuf.Type)
    .map((type) => messageDescriptor(type, joined(scope, type.name), names));
}

function enumsOf(namespace: protobuf.NamespaceBase): EnumDescriptorProto[] {
  return namespace.nestedArray
    .filter((object) => object instanceof protobuf.Enum)
    .map(({ name, values }) =>
      create(EnumDescriptorProtoSchema, {
        name,
        value: Object.entries(values).map(([valueName, number]) => ({ name: valueName, number })),
      }),
    );
}

function messageDescriptor(type: protobuf.Type, name: string, names: TypeNames): DescriptorProto {
  if ('group' in type && type.group === true) {
    throw new ProtoProblem(`${name} is a group, which is not supported; use a message`);
  }
  const fields = type.fieldsArray.filter(({ extend }) => extend === undefined);
  const synthetic = new Set(fields.filter(isOptional3).map(({ partOf }) => partOf?.name));
  const oneofs = type.oneofsArray.map((oneof) => oneof.name).filter((oneof) => !synthetic.has(oneof));
  const entries = fields
    .filter((field) => field instanceof protobuf.MapField)
    .map((field) => mapEntry(field, name, names));
  return create(DescriptorProtoSchema, {
    name: type.name,
    field: fields.map((field) => fieldDescriptor(field, name, oneofs, names)),
    oneofDecl: oneofs.map((oneof) => ({ name: oneof })),
    nestedType: [...messagesOf(type, name, names), ...entries],
    enumType: enumsOf(type),
  });
}

function serviceDescriptor(
  service: protobuf.Service,
  scope: string,
  names: TypeNames,
): ServiceDescriptorProto {
  const typeName = (reference: string, where: string): string => {
    const name = fullName(reference, joined(scope, service.name), names, where);
    if (names.kind(name) !== 'message') throw new ProtoProblem(`${where}: ${reference} is not a message`);
    return `.${name}`;
  };
  return create(ServiceDescriptorProtoSchema, {
    name: service.name,
    method: service.methodsArray.map((method) => {
      const where = `method ${joined(service.name, method.name)}`;
      return {
        name: method.name,
        inputType: typeName(method.requestType, where),
        outputType: typeName(method.responseType, where),
        clientStreaming: method.requestStream === true,
        serverStreaming: method.responseStream === true,
      };
    }),
  });
}
