/**
 * Counts what bytes in the wire format would become, before anything is made of them: two bytes can be an object with
 * a thousand members. Works on the encoding alone (protobuf.dev, Encoding); bytes that are not a message are for the
 * decoder to refuse.
 */
import { type DescField, type DescMessage, type Registry, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { MAX_WEIGHT, messageWeight } from './weight.ts';

/** Messages in one answer, at any depth, map entries included. */
const MAX_MESSAGES = 100_000;
const MAX_DEPTH = 100;
const ANY_URL = 1;
const ANY_VALUE = 2;

/** Values of 64 bits become text by way of a bigint. */
const LONG_WEIGHT = 4;
const TEXT_WEIGHT = 2;
/** Bytes of one packed value; those of the other types end with a byte below 128. */
const FIXED_SIZES = new Map([
  [ScalarType.DOUBLE, 8],
  [ScalarType.FIXED64, 8],
  [ScalarType.SFIXED64, 8],
  [ScalarType.FLOAT, 4],
  [ScalarType.FIXED32, 4],
  [ScalarType.SFIXED32, 4],
]);
const LONGS = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

/** Numbers that may stand packed in one field; `size` is 0 when it varies. */
interface Packed {
  size: number;
  weight: number;
}

/** What is inside a message: by field number, the fields that hold messages, and those that hold numbers. */
interface Shape {
  inner: ReadonlyMap<number, () => Shape>;
  packed: ReadonlyMap<number, Packed>;
  isAny: boolean;
  weight: number;
}

interface Walk {
  reader: BinaryReader;
  bytes: Uint8Array;
  registry: Registry;
  messages: number;
  weight: number;
}

class Excess extends Error {}

/**
 * @param messages those of one answer, which share the bound
 * @returns what is too much, or null
 */
export function excessOf(
  schema: DescMessage,
  messages: readonly Uint8Array[],
  registry: Registry,
): string | null {
  let [count, weight] = [0, 0];
  for (const bytes of messages) {
    const walk: Walk = { reader: new BinaryReader(bytes), bytes, registry, messages: count, weight };
    try {
      enter(shapeOf(schema), bytes.byteLength, walk, 0);
    } catch (error) {
      if (error instanceof Excess) return error.message;
    }
    count = walk.messages;
    weight = walk.weight;
  }
  return null;
}

function enter(shape: Shape, end: number, walk: Walk, depth: number): void {
  if (depth > MAX_DEPTH) throw new Excess(`it nests deeper than ${MAX_DEPTH} levels`);
  walk.messages += 1;
  if (walk.messages > MAX_MESSAGES) throw new Excess(`it has more than ${MAX_MESSAGES} messages inside`);
  weigh(walk, shape.weight);
  const { reader } = walk;
  let typeName = '';
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited) {
      weigh(walk, shape.packed.get(number)?.weight ?? 1);
      reader.skip(wireType, number);
      continue;
    }
    const length = reader.uint32();
    const next = reader.pos + length;
    if (next > end) return;
    const packed = shape.packed.get(number);
    weigh(walk, packed === undefined ? TEXT_WEIGHT : packed.weight * numbersIn(walk, length, packed.size));
    if (shape.isAny && number === ANY_URL) typeName = typeNameIn(walk, length);
    const inner = shape.isAny && number === ANY_VALUE ? walk.registry.getMessage(typeName) : undefined;
    const within = inner === undefined ? shape.inner.get(number)?.() : shapeOf(inner);
    if (within !== undefined) enter(within, next, walk, depth + 1);
    reader.pos = next;
  }
}

function weigh(walk: Walk, weight: number): void {
  walk.weight += weight;
  if (walk.weight > MAX_WEIGHT) throw new Excess('it has too many values inside');
}

function numbersIn({ reader, bytes }: Walk, length: number, size: number): number {
  if (size > 0) return length / size;
  let count = 0;
  for (let at = reader.pos; at < reader.pos + length; at++) if ((bytes[at] ?? 0) < 0x80) count++;
  return count;
}

/** `type.googleapis.com/<full name>` (any.proto). */
function typeNameIn({ reader, bytes }: Walk, length: number): string {
  const url = new TextDecoder().decode(bytes.subarray(reader.pos, reader.pos + Math.min(length, 1000)));
  return url.slice(url.lastIndexOf('/') + 1);
}

const shapes = new WeakMap<DescMessage, Shape>();

function shapeOf(schema: DescMessage): Shape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const inner = new Map<number, () => Shape>();
  const packed = new Map<number, Packed>();
  for (const field of schema.fields) {
    const { message } = field;
    const value = message === undefined ? null : () => shapeOf(message);
    const numbers = field.fieldKind === 'map' ? null : packedOf(field);
    if (numbers !== null) packed.set(field.number, numbers);
    if (field.fieldKind === 'map') inner.set(field.number, () => entryOf(value));
    else if (value !== null) inner.set(field.number, value);
  }
  const isAny = schema.typeName === AnySchema.typeName;
  const shape = { inner, packed, isAny, weight: messageWeight(schema) };
  shapes.set(schema, shape);
  return shape;
}

/** null when the field holds no numbers. */
function packedOf({ scalar, enum: names }: DescField): Packed | null {
  if (names !== undefined) return { size: 0, weight: 1 };
  if (scalar === undefined || scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return null;
  return { size: FIXED_SIZES.get(scalar) ?? 0, weight: LONGS.has(scalar) ? LONG_WEIGHT : 1 };
}

const entryOf = (value: (() => Shape) | null): Shape => ({
  inner: value === null ? new Map() : new Map([[2, value]]),
  packed: new Map(),
  isAny: false,
  weight: LONG_WEIGHT,
});
