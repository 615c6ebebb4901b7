/** The types a .proto file may name: its own, and those of Google's files that it imports. */
import type { DescFile, DescMessage } from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';
import type { ParsedProto } from './parse-proto.ts';

export type TypeKind = 'message' | 'enum';

/** The files that can be imported, by path; no other file is ever read. */
const IMPORTABLE: ReadonlyMap<string, DescFile> = new Map(
  [
    wellKnown.file_google_protobuf_any,
    wellKnown.file_google_protobuf_api,
    wellKnown.file_google_protobuf_descriptor,
    wellKnown.file_google_protobuf_duration,
    wellKnown.file_google_protobuf_empty,
    wellKnown.file_google_protobuf_field_mask,
    wellKnown.file_google_protobuf_source_context,
    wellKnown.file_google_protobuf_struct,
    wellKnown.file_google_protobuf_timestamp,
    wellKnown.file_google_protobuf_type,
    wellKnown.file_google_protobuf_wrappers,
  ].map((file) => [`${file.name}.proto`, file]),
);

/** A Google file that comes with this service, or undefined. */
export const importable = (path: string): DescFile | undefined => IMPORTABLE.get(path);

/** Full names without a leading dot, and what they are. */
export class TypeNames {
  readonly #kinds = new Map<string, TypeKind>();

  constructor(proto: ParsedProto) {
    for (const path of proto.imports) {
      const file = importable(path);
      if (file === undefined) continue;
      for (const message of file.messages) this.#addKnown(message);
      for (const { typeName } of file.enums) this.#kinds.set(typeName, 'enum');
    }
    this.#addDeclared(proto.declarations, proto.package);
  }

  kind(name: string): TypeKind | undefined {
    return this.#kinds.get(name);
  }

  /**
   * The full name of a type as seen from a scope: the innermost that has it (language spec, Name Resolution).
   * @param scope full name of the message around, or the package
   * @returns null when there is none
   */
  resolve(reference: string, scope: string): string | null {
    if (reference.startsWith('.')) return this.#kinds.has(reference.slice(1)) ? reference.slice(1) : null;
    for (let around = scope; ; around = around.slice(0, Math.max(0, around.lastIndexOf('.')))) {
      const name = joined(around, reference);
      if (this.#kinds.has(name)) return name;
      if (around === '') return null;
    }
  }

  #addKnown(message: DescMessage): void {
    this.#kinds.set(message.typeName, 'message');
    for (const { typeName } of message.nestedEnums) this.#kinds.set(typeName, 'enum');
    for (const nested of message.nestedMessages) this.#addKnown(nested);
  }

  #addDeclared(namespace: protobuf.NamespaceBase, scope: string): void {
    for (const object of namespace.nestedArray) {
      const name = joined(scope, object.name);
      if (object instanceof protobuf.Enum) this.#kinds.set(name, 'enum');
      if (!(object instanceof protobuf.Type)) continue;
      this.#kinds.set(name, 'message');
      this.#addDeclared(object, name);
    }
  }
}

/** `package.Name`, or the name alone where there is no package. */
export const joined = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);
