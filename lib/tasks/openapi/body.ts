/** The body of an operation's request, by the media types that the operation takes. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json, JsonObject } from '../types.ts';
import type { FormField, OperationBody } from './operation.ts';
import { delimitedText, StyleFault } from './style.ts';

export interface Content {
  readonly type: string;
  readonly text: string;
}

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/**
 * Encodes a body: JSON if the operation takes it, else a form, else text as it is.
 * @param type media type that the caller asked for; null for the one that suits best
 * @param random uniform in [0, 1), for the boundary of a multipart form
 * @throws {StyleFault} when the value cannot be sent as that type
 */
export function encodeBody(
  body: OperationBody,
  value: Json,
  type: string | null,
  random: () => number,
): Content {
  const mediaType = type ?? preferred(body.types);
  const essence = essenceOf(mediaType);
  if (isJson(essence)) return { type: mediaType, text: JSON.stringify(value) };
  if (essence === FORM) return { type: mediaType, text: formText(body, objectOf(value, mediaType)) };
  if (essence === MULTIPART) return multipart(body, objectOf(value, mediaType), random);
  if (typeof value !== 'string') throw new StyleFault(`must be a text, since it is sent as ${mediaType}`);
  return { type: mediaType, text: value };
}

function preferred(types: readonly string[]): string {
  const json = types.find((type) => isJson(essenceOf(type)));
  if (json !== undefined) return json;
  if (types.some((type) => /^(?:\*|application)\/\*$/.test(essenceOf(type)))) return 'application/json';
  const others = [FORM, MULTIPART, 'text/plain'];
  const known = others.map((other) => types.find((type) => essenceOf(type) === other)).find(Boolean);
  return known ?? types[0] ?? 'application/json';
}

/** The type without its parameters, in lower case. */
const essenceOf = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

const isJson = (essence: string): boolean =>
  essence === 'application/json' || essence === 'text/json' || essence.endsWith('+json');

function objectOf(value: Json, type: string): JsonObject {
  if (!isJsonObject(value)) throw new StyleFault(`must be an object, since it is sent as ${type}`);
  return value;
}

function formText(body: OperationBody, value: JsonObject): string {
  const form = new URLSearchParams();
  for (const { name, text } of entriesOf(body, value)) form.append(name, text);
  return form.toString();
}

interface Entry {
  name: string;
  text: string;
  field: FormField | undefined;
  /** The value is an object, so that its text is JSON. */
  json: boolean;
}

/** An array repeats its field unless the document names a delimiter; an object is sent as JSON; null is left out. */
function entriesOf(body: OperationBody, value: JsonObject): Entry[] {
  const fields = new Map(body.fields.map((field) => [field.name, field]));
  const entries: Entry[] = [];
  for (const [name, item] of Object.entries(value)) {
    const field = fields.get(name);
    if (item === null) continue;
    if (field?.style === 'deepObject' && isJsonObject(item)) {
      for (const [key, each] of Object.entries(item)) {
        if (each !== null) entries.push({ name: `${name}[${key}]`, ...textOf(each), field });
      }
    } else if (Array.isArray(item) && field?.style !== undefined && field.explode === false) {
      entries.push({ name, text: delimitedText(field.style, item), field, json: false });
    } else {
      for (const each of Array.isArray(item) ? item : [item]) {
        if (each !== null) entries.push({ name, ...textOf(each), field });
      }
    }
  }
  return entries;
}

const textOf = (value: Json): { text: string; json: boolean } =>
  typeof value === 'object'
    ? { text: JSON.stringify(value), json: true }
    : { text: String(value), json: false };

/** RFC 7578. The author of the values cannot foresee the boundary, so that it does not stand in them. */
function multipart(body: OperationBody, value: JsonObject, random: () => number): Content {
  const digits = (): string => random().toString(36).slice(2, 12).padEnd(10, '0');
  const boundary = `vespid-${digits()}${digits()}${digits()}`;
  const parts = entriesOf(body, value).map(({ name, text, field, json }) => {
    const file = field?.file === true ? `; filename="${quoted(name)}"` : '';
    const type =
      field?.contentType ?? (json ? 'application/json' : file === '' ? null : 'application/octet-stream');
    const typeLine = type === null ? '' : `content-type: ${type}\r\n`;
    return `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${file}\r\n${typeLine}\r\n${text}\r\n`;
  });
  return { type: `${MULTIPART}; boundary=${boundary}`, text: `${parts.join('')}--${boundary}--\r\n` };
}

/** HTML, 4.10.21.8: multipart form data. */
const quoted = (name: string): string =>
  name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
