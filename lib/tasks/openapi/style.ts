/**
 * How a value becomes part of a request (OpenAPI 3.1, Parameter Object, Style Examples; RFC 6570). A value is a
 * scalar, an array of scalars or an object of scalars; null in them is left out.
 */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../types.ts';
import type { OperationParameter, Style } from './operation.ts';

type Shape =
  | { kind: 'scalar'; text: string }
  | { kind: 'array'; items: string[] }
  | { kind: 'object'; members: [name: string, text: string][] };

/** Why a value cannot be sent; the caller says of which parameter. */
export class StyleFault extends Error {}

type Encode = (text: string) => string;

const DELIMITERS: Partial<Record<Style, string>> = {
  spaceDelimited: ' ',
  pipeDelimited: '|',
  tabDelimited: '\t',
};

/**
 * The text that replaces `{name}` in a path, percent-encoded.
 * @throws {StyleFault}
 */
export function pathText(parameter: OperationParameter, value: Json): string {
  const { style, explode } = parameter;
  const shape = shapeOf(parameter, value);
  const name = percentEncode(parameter.name);
  if (style === 'label') return `.${joined(shape, explode, explode ? '.' : ',', percentEncode)}`;
  if (style !== 'matrix') return joined(shape, explode, encodedDelimiter(style), percentEncode);
  if (!explode || shape.kind === 'scalar') return `;${name}=${joined(shape, false, ',', percentEncode)}`;
  return pairsOf(name, shape, percentEncode)
    .map((pair) => `;${pair}`)
    .join('');
}

/**
 * The `name=value` pairs of a query, encoded; none for an empty array or object.
 * @throws {StyleFault}
 */
export function queryPairs(parameter: OperationParameter, value: Json): string[] {
  const { style, explode } = parameter;
  const encode = parameter.allowReserved === true ? encodeButReserved : percentEncode;
  const name = percentEncode(parameter.name);
  if (style === 'deepObject') return deepPairs(parameter, value, encode);
  const shape = shapeOf(parameter, value);
  if (isEmpty(shape)) return [];
  if (explode || shape.kind === 'scalar') return pairsOf(name, shape, encode);
  return [`${name}=${joined(shape, false, encodedDelimiter(style), encode)}`];
}

/**
 * The value of a header; no encoding (RFC 9110, 5.5), the HTTP client refuses what cannot be sent.
 * @throws {StyleFault}
 */
export function headerText(parameter: OperationParameter, value: Json): string {
  const delimiter = DELIMITERS[parameter.style] ?? ',';
  return joined(shapeOf(parameter, value), parameter.explode, delimiter, (text) => text);
}

/**
 * A value as one text, for the field of a form: arrays with the style's delimiter.
 * @throws {StyleFault}
 */
export function delimitedText(style: Style, value: Json): string {
  return joined(shapeOf({}, value), false, DELIMITERS[style] ?? ',', (text) => text);
}

/** A comma separates as it is; any other delimiter is encoded. */
function encodedDelimiter(style: Style): string {
  const delimiter = DELIMITERS[style];
  return delimiter === undefined ? ',' : percentEncode(delimiter);
}

/** @throws {StyleFault} for a lone surrogate, which no URL can hold */
function percentEncode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new StyleFault('has a lone surrogate, which no URL can hold');
  }
}

/** Reserved characters stay, but for those that would end the value (RFC 3986, 2.2). */
function encodeButReserved(text: string): string {
  percentEncode(text);
  return encodeURI(text).replace(/[&=+#]/g, encodeURIComponent);
}

function shapeOf(parameter: Pick<OperationParameter, 'json'>, value: Json): Shape {
  if (parameter.json === true) return { kind: 'scalar', text: JSON.stringify(value) };
  if (Array.isArray(value)) {
    return { kind: 'array', items: value.filter((item) => item !== null).map(scalarText) };
  }
  if (!isJsonObject(value)) return { kind: 'scalar', text: scalarText(value) };
  const members = Object.entries(value).filter(([, item]) => item !== null);
  return { kind: 'object', members: members.map(([name, item]) => [name, scalarText(item)]) };
}

function scalarText(value: Json): string {
  if (typeof value === 'object' && value !== null) {
    throw new StyleFault('has an array or object inside, and only texts, numbers and booleans can be sent');
  }
  return String(value);
}

const isEmpty = (shape: Shape): boolean =>
  (shape.kind === 'array' && shape.items.length === 0) ||
  (shape.kind === 'object' && shape.members.length === 0);

function joined(shape: Shape, explode: boolean, delimiter: string, encode: Encode): string {
  switch (shape.kind) {
    case 'scalar':
      return encode(shape.text);
    case 'array':
      return shape.items.map(encode).join(delimiter);
    case 'object':
      return shape.members
        .map(([name, text]) => `${encode(name)}${explode ? '=' : delimiter}${encode(text)}`)
        .join(delimiter);
  }
}

/** Exploded: a pair for each item or member. */
function pairsOf(name: string, shape: Shape, encode: Encode): string[] {
  switch (shape.kind) {
    case 'scalar':
      return [`${name}=${encode(shape.text)}`];
    case 'array':
      return shape.items.map((item) => `${name}=${encode(item)}`);
    case 'object':
      return shape.members.map(([key, text]) => `${percentEncode(key)}=${encode(text)}`);
  }
}

/** `filter[state]=open`; an array repeats its pair, deeper objects are not defined. */
function deepPairs(parameter: OperationParameter, value: Json, encode: Encode): string[] {
  if (!isJsonObject(value)) throw new StyleFault('must be an object (its style is deepObject)');
  return Object.entries(value)
    .filter(([, item]) => item !== null)
    .flatMap(([key, item]) => {
      const name = percentEncode(`${parameter.name}[${key}]`);
      return (Array.isArray(item) ? item : [item]).map((each) => `${name}=${encode(scalarText(each))}`);
    });
}
