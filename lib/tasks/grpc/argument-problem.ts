/** Why a value is not the JSON form of a message, and where: texts name fields and types, never a value. */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../types.ts';
import { fieldsOf } from './json-bounds.ts';

/** What protobuf's own decoders allow. */
const MAX_DEPTH = 100;
const MAX_KEY_LENGTH = 100;

/**
 * The first part that does not fit. Goes through the value once, so that what is refused costs little more than what
 * is taken.
 * @param value what `fromJson` has refused
 */
export function argumentProblem(schema: DescMessage, value: Json, registry: Registry): string {
  const found = messageProblem(schema, value, { registry, path: 'arguments', depth: 0 });
  return (
    found ??
    `\`arguments\` is not a valid ${schema.typeName}: a field is required and absent, or two of the same oneof are set`
  );
}

interface Place {
  registry: Registry;
  /** Where the value is in the task. */
  path: string;
  depth: number;
}

function messageProblem(schema: DescMessage, value: Json, place: Place): string | null {
  const { registry, path, depth } = place;
  if (isWellKnown(schema)) {
    return fits(schema, value, registry) ? null : `\`${path}\` is not a valid ${schema.typeName}`;
  }
  if (!isJsonObject(value)) return `\`${path}\` must be an object (${schema.typeName})`;
  if (depth > MAX_DEPTH) return `\`arguments\` nest deeper than ${MAX_DEPTH} levels`;
  for (const [key, item] of Object.entries(value)) {
    const inner = { registry, path: `${path}.${key.slice(0, MAX_KEY_LENGTH)}`, depth: depth + 1 };
    const field = fieldsOf(schema).get(key);
    if (field === undefined) return `\`${inner.path}\`: ${schema.typeName} has no such field`;
    const problem = item === null ? null : fieldProblem(field, item, inner);
    if (problem !== null) return problem;
  }
  return null;
}

function fieldProblem(field: DescField, value: Json, place: Place): string | null {
  const { path } = place;
  switch (field.fieldKind) {
    case 'list':
      if (!Array.isArray(value)) return `\`${path}\` must be an array of ${typeOf(field)}`;
      return firstProblem(value, (item, index) =>
        itemProblem(field, item, { ...place, path: `${path}[${index}]` }),
      );
    case 'map':
      if (!isJsonObject(value)) return `\`${path}\` must be an object of ${typeOf(field)} by key`;
      return firstProblem(Object.entries(value), ([key, item]) => {
        const inner = { ...place, path: `${path}.${key.slice(0, MAX_KEY_LENGTH)}` };
        if (!fitsScalar(field.mapKey, keyOf(field.mapKey, key)))
          return `\`${inner.path}\` is not a key of \`${path}\``;
        return itemProblem(field, item, inner);
      });
    case 'enum':
    case 'message':
    case 'scalar':
      return itemProblem(field, value, place);
  }
}

function itemProblem(field: DescField, item: Json, place: Place): string | null {
  const { message, enum: names, scalar } = field;
  if (message !== undefined && !isWellKnown(message)) return messageProblem(message, item, place);
  if (message !== undefined) {
    return fits(message, item, place.registry)
      ? null
      : `\`${place.path}\` is not a valid ${message.typeName}`;
  }
  const valid = names === undefined ? fitsScalar(scalar, item) : fitsEnum(names, item);
  return valid ? null : `\`${place.path}\` must be ${typeOf(field)}`;
}

function firstProblem<T>(
  items: readonly T[],
  problemOf: (item: T, index: number) => string | null,
): string | null {
  for (const [index, item] of items.entries()) {
    const problem = problemOf(item, index);
    if (problem !== null) return problem;
  }
  return null;
}

function fits(schema: DescMessage, value: Json, registry?: Registry): boolean {
  try {
    fromJson(schema, value, registry === undefined ? {} : { registry });
    return true;
  } catch {
    return false;
  }
}

/** Messages whose JSON form is that of a scalar. To try a value in its own message would cost all fields of that. */
const WRAPPERS = new Map<ScalarType, DescMessage>([
  [ScalarType.DOUBLE, wellKnown.DoubleValueSchema],
  [ScalarType.FLOAT, wellKnown.FloatValueSchema],
  [ScalarType.INT64, wellKnown.Int64ValueSchema],
  [ScalarType.SINT64, wellKnown.Int64ValueSchema],
  [ScalarType.SFIXED64, wellKnown.Int64ValueSchema],
  [ScalarType.UINT64, wellKnown.UInt64ValueSchema],
  [ScalarType.FIXED64, wellKnown.UInt64ValueSchema],
  [ScalarType.INT32, wellKnown.Int32ValueSchema],
  [ScalarType.SINT32, wellKnown.Int32ValueSchema],
  [ScalarType.SFIXED32, wellKnown.Int32ValueSchema],
  [ScalarType.UINT32, wellKnown.UInt32ValueSchema],
  [ScalarType.FIXED32, wellKnown.UInt32ValueSchema],
  [ScalarType.BOOL, wellKnown.BoolValueSchema],
  [ScalarType.STRING, wellKnown.StringValueSchema],
  [ScalarType.BYTES, wellKnown.BytesValueSchema],
]);

function fitsScalar(scalar: ScalarType | undefined, item: Json): boolean {
  const wrapper = scalar === undefined ? undefined : WRAPPERS.get(scalar);
  return wrapper !== undefined && item !== null && fits(wrapper, item);
}

/** Keys are text; of those of a boolean only two stand for one. */
const keyOf = (type: ScalarType, key: string): Json =>
  type === ScalarType.BOOL && (key === 'true' || key === 'false') ? key === 'true' : key;

function fitsEnum(names: DescEnum, item: Json): boolean {
  if (item === null) return names.typeName === 'google.protobuf.NullValue';
  if (typeof item === 'string') return names.values.some(({ name }) => name === item);
  return typeof item === 'number' && Number.isInteger(item) && Math.abs(item) < 2 ** 31;
}

function typeOf(field: DescField): string {
  if (field.enum !== undefined) return `a value of ${field.enum.typeName}`;
  if (field.message !== undefined) return field.message.typeName;
  return field.scalar === undefined ? 'a value' : (ScalarType[field.scalar]?.toLowerCase() ?? 'a value');
}

/** Messages with a JSON form of their own. */
const isWellKnown = (schema: DescMessage): boolean => schema.typeName.startsWith('google.protobuf.');
