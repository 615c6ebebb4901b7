/**
 * Reads a .proto text (protobuf.dev, proto2 and proto3). The syntax tree is protobufjs'; its messages are never used,
 * since they are compiled with `Function` from names that tenants give. Its own types are not even resolved.
 */
import protobuf from 'protobufjs';
import { scanProto } from './scan-proto.ts';

/** One parsed file: the tree of its package, and what it says about itself. */
export interface ParsedProto {
  syntax: 'proto2' | 'proto3';
  package: string;
  imports: readonly string[];
  declarations: protobuf.NamespaceBase;
}

type Parsed = { ok: true; proto: ParsedProto } | { ok: false; problem: string };

const MAX_TEXT_LENGTH = 131_072;
/** Names that are members of every object, where the parser keeps its tables in plain ones. */
const UNSAFE_NAME = /\b__proto__\b/;

export function parseProto(text: string): Parsed {
  if (text.length > MAX_TEXT_LENGTH) return wrong(`it is longer than ${MAX_TEXT_LENGTH} characters`);
  if (UNSAFE_NAME.test(text)) return wrong('the name `__proto__` is not supported');
  try {
    const scanned = scanProto(text);
    if ('problem' in scanned) return wrong(scanned.problem);
    const { syntax } = scanned;
    if (syntax !== 'proto2' && syntax !== 'proto3') {
      return wrong(`the syntax ${quote(syntax)} is not supported; use "proto3" or "proto2"`);
    }
    const parsed = protobuf.parse(text, { keepCase: true });
    const name = parsed.package ?? '';
    return {
      ok: true,
      proto: {
        syntax,
        package: name,
        imports: [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])],
        declarations: namespaceOf(parsed.root, name),
      },
    };
  } catch (error) {
    return wrong(error instanceof Error ? shorten(error.message) : 'it cannot be parsed');
  }
}

function namespaceOf(root: protobuf.Root, name: string): protobuf.NamespaceBase {
  let namespace: protobuf.NamespaceBase = root;
  for (const part of name.split('.').filter((part) => part !== '')) {
    const inner = namespace.nestedArray.find((object) => object.name === part);
    if (inner instanceof protobuf.Namespace) namespace = inner;
  }
  return namespace;
}

const wrong = (problem: string): Parsed => ({ ok: false, problem });
const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
const quote = (text: string): string => JSON.stringify(shorten(text));
