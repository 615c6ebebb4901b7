/** jq's `@name` formats. */
import { fail } from './errors.ts';
import type { Json } from './json.ts';
import { numberText, toJsonText, wellFormed } from './json-text.ts';
import type { Meter } from './limits.ts';
import { typeError } from './operators.ts';
import { replaceInPieces } from './strings.ts';

type Format = (value: Json, meter: Meter) => string;

/** jq's `tostring`: a string as it stands, everything else as JSON text. */
export function toText(value: Json, meter: Meter): string {
  return typeof value === 'string' ? value : toJsonText(value, meter);
}

const HTML_ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

const TSV_ESCAPES: Record<string, string> = {
  '\t': '\\t',
  '\r': '\\r',
  '\n': '\\n',
  '\\': '\\\\',
  '\0': '\\0',
};

/** Escaping makes a text at most six times as long. */
function escapeEach(text: string, pattern: RegExp, escapes: Record<string, string>, meter: Meter): string {
  meter.charge(text.length * 6);
  return replaceInPieces(text, pattern, (character) => escapes[character] ?? character, meter);
}

function row(
  value: Json,
  meter: Meter,
  name: string,
  separator: string,
  quote: (text: string) => string,
): string {
  if (!Array.isArray(value)) return typeError(value, `cannot be ${name}-formatted, only array`);
  meter.tick(value.length);
  const cells = value.map((cell) => {
    if (cell === null) return '';
    if (typeof cell === 'string') return quote(cell);
    if (typeof cell === 'number') return Number.isNaN(cell) ? '' : numberText(cell);
    return typeof cell === 'boolean' ? String(cell) : typeError(cell, 'is not valid in a csv row');
  });
  meter.charge(cells.length * 16);
  return cells.join(separator);
}

function shellWord(value: Json, meter: Meter): string {
  if (typeof value === 'object' && value !== null) return typeError(value, 'can not be escaped for shell');
  if (typeof value !== 'string') return toJsonText(value);
  meter.charge(value.length * 4);
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function encodeUri(text: string, meter: Meter): string {
  meter.charge(text.length * 9);
  meter.tick(text.length >> 5);
  const encoded = encodeURIComponent(wellFormed(text));
  return encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeUri(text: string, meter: Meter): string {
  meter.charge(text.length);
  meter.tick(text.length >> 5);
  try {
    return decodeURIComponent(wellFormed(text));
  } catch (error) {
    if (error instanceof URIError) return typeError(text, 'is not a valid uri encoding');
    throw error;
  }
}

/** Packs bytes into characters of `bits` bits, filled up with `=` to whole groups. */
function encodeBits(text: string, alphabet: string, bits: number, group: number, meter: Meter): string {
  meter.charge(text.length * 6);
  let result = '';
  let buffer = 0;
  let held = 0;
  for (const [index, byte] of new TextEncoder().encode(text).entries()) {
    if (index % 64 === 0) meter.tick(16);
    buffer = ((buffer << 8) | byte) & 0xffff;
    held += 8;
    for (; held >= bits; held -= bits)
      result += alphabet.charAt((buffer >> (held - bits)) & ((1 << bits) - 1));
  }
  if (held > 0) result += alphabet.charAt((buffer << (bits - held)) & ((1 << bits) - 1));
  return result.padEnd(Math.ceil(result.length / group) * group, '=');
}

function decodeBits(text: string, alphabet: string, bits: number, name: string, meter: Meter): string {
  meter.charge(text.length * 2);
  const bytes: number[] = [];
  let buffer = 0;
  let held = 0;
  const end = text.indexOf('=');
  const body = end === -1 ? text : text.slice(0, end);
  for (let index = 0; index < body.length; index++) {
    if (index % 64 === 0) meter.tick(16);
    const value = alphabet.indexOf(body.charAt(index));
    if (value === -1) return typeError(text, `is not valid ${name} data`);
    buffer = ((buffer << bits) | value) & 0xffff;
    held += bits;
    if (held < 8) continue;
    held -= 8;
    bytes.push((buffer >> held) & 0xff);
  }
  if (held >= bits) return typeError(text, `trailing ${name} byte found`);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const FORMATS: Record<string, Format> = {
  text: toText,
  json: (value, meter) => toJsonText(value, meter),
  html: (value, meter) => escapeEach(toText(value, meter), /[&<>'"]/g, HTML_ENTITIES, meter),
  csv: (value, meter) =>
    row(value, meter, 'csv', ',', (text) => `"${escapeEach(text, /"/g, { '"': '""' }, meter)}"`),
  tsv: (value, meter) =>
    row(value, meter, 'tsv', '\t', (text) => escapeEach(text, /[\t\r\n\\\0]/g, TSV_ESCAPES, meter)),
  sh: (value, meter) =>
    (Array.isArray(value) ? value : [value]).map((word) => shellWord(word, meter)).join(' '),
  uri: (value, meter) => encodeUri(toText(value, meter), meter),
  urid: (value, meter) => decodeUri(toText(value, meter), meter),
  base64: (value, meter) => encodeBits(toText(value, meter), BASE64, 6, 4, meter),
  base64d: (value, meter) => decodeBits(toText(value, meter), BASE64, 6, 'base64', meter),
  base32: (value, meter) => encodeBits(toText(value, meter), BASE32, 5, 8, meter),
  base32d: (value, meter) => decodeBits(toText(value, meter), BASE32, 5, 'base32', meter),
};

/** The format `@name`, or undefined when jq has none of that name. */
export function formatOf(name: string): Format | undefined {
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
}

/** jq's `format/1`, whose name is known at run time. */
export function formatByName(value: Json, name: Json, meter: Meter): string {
  if (typeof name !== 'string') return typeError(name, 'is not a valid format');
  const format = formatOf(name);
  return format === undefined ? fail(`${name} is not a valid format`) : format(value, meter);
}
