/** Fields of a message as descriptors (google/protobuf/descriptor.proto, FieldDescriptorProto). */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';
import { joined, type TypeNames } from './type-names.ts';

type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;

/** A .proto that cannot be used; the message says why. */
export class ProtoProblem extends Error {}

const MAX_FIELD_NUMBER = 2 ** 29 - 1;

const SCALARS = new Map<string, Type>([
  ['double', Type.DOUBLE],
  ['float', Type.FLOAT],
  ['int64', Type.INT64],
  ['uint64', Type.UINT64],
  ['int32', Type.INT32],
  ['fixed64', Type.FIXED64],
  ['fixed32', Type.FIXED32],
  ['bool', Type.BOOL],
  ['string', Type.STRING],
  ['bytes', Type.BYTES],
  ['uint32', Type.UINT32],
  ['sfixed32', Type.SFIXED32],
  ['sfixed64', Type.SFIXED64],
  ['sint32', Type.SINT32],
  ['sint64', Type.SINT64],
]);

/**
 * @param scope full name of the message that has the field
 * @param oneofs names of the message's oneofs, in order
 * @throws {ProtoProblem} when its type is not defined, or its number is none
 */
export function fieldDescriptor(
  field: protobuf.FieldBase,
  scope: string,
  oneofs: readonly string[],
  names: TypeNames,
): FieldDescriptorProto {
  const where = `field ${joined(scope, field.name)}`;
  if (field.id < 1 || field.id > MAX_FIELD_NUMBER) {
    throw new ProtoProblem(`${where}: its number must be from 1 to ${MAX_FIELD_NUMBER}`);
  }
  const oneofIndex = field.partOf === null ? -1 : oneofs.indexOf(field.partOf.name);
  const packed = optionOf(field, 'packed');
  return create(FieldDescriptorProtoSchema, {
    name: field.name,
    number: field.id,
    label: labelOf(field),
    jsonName: jsonNameOf(field),
    ...(field instanceof protobuf.MapField
      ? { type: Type.MESSAGE, typeName: `.${scope}.${entryName(field)}` }
      : typeOf(field.type, scope, names, where)),
    ...(isOptional3(field) ? { proto3Optional: true } : oneofIndex >= 0 && { oneofIndex }),
    ...(typeof packed === 'boolean' && { options: { packed } }),
  });
}

/** The message that stands for one entry of a map (language spec, Maps, Backward compatibility). */
export function mapEntry(field: protobuf.MapField, scope: string, names: TypeNames): DescriptorProto {
  const where = `field ${joined(scope, field.name)}`;
  const part = (name: string, number: number, type: string): FieldInit => ({
    name,
    number,
    jsonName: name,
    label: Label.OPTIONAL,
    ...typeOf(type, scope, names, where),
  });
  return create(DescriptorProtoSchema, {
    name: entryName(field),
    field: [part('key', 1, field.keyType), part('value', 2, field.type)],
    options: { mapEntry: true },
  });
}

/** proto3 `optional`: the parser makes a oneof of one field of it, which means presence and nothing else. */
export const isOptional3 = (field: protobuf.FieldBase): boolean =>
  optionOf(field, 'proto3_optional') === true;

/** @throws {ProtoProblem} */
export function fullName(reference: string, scope: string, names: TypeNames, where: string): string {
  const name = names.resolve(reference, scope);
  if (name !== null) return name;
  const imports = 'imports other than google/protobuf/*.proto are not read';
  throw new ProtoProblem(`${where}: the type ${reference} is not defined in the file (${imports})`);
}

function typeOf(
  type: string,
  scope: string,
  names: TypeNames,
  where: string,
): { type: Type; typeName?: string } {
  const scalar = SCALARS.get(type);
  if (scalar !== undefined) return { type: scalar };
  const name = fullName(type, scope, names, where);
  return { type: names.kind(name) === 'enum' ? Type.ENUM : Type.MESSAGE, typeName: `.${name}` };
}

function labelOf(field: protobuf.FieldBase): Label {
  if (field.repeated || field instanceof protobuf.MapField) return Label.REPEATED;
  return 'rule' in field && field.rule === 'required' ? Label.REQUIRED : Label.OPTIONAL;
}

function jsonNameOf(field: protobuf.FieldBase): string {
  const name = optionOf(field, 'json_name');
  return typeof name === 'string' ? name : protoCamelCase(field.name);
}

function optionOf(field: protobuf.FieldBase, name: string): unknown {
  const options: Record<string, unknown> = field.options ?? {};
  return Object.hasOwn(options, name) ? options[name] : undefined;
}

/** `FooBarEntry` for the field `foo_bar`, as protoc names it. */
function entryName(field: protobuf.FieldBase): string {
  const camel = protoCamelCase(`_${field.name}`);
  return `${camel}Entry`;
}
