/** What a validation finds, and how it is put into words. Values never appear in a message: they may be secret. */
import type { Json } from '../jq/index.ts';
import { typeName } from '../jq/index.ts';

export type SchemaLimit = 'steps' | 'bytes' | 'depth' | 'time';

/** One thing wrong with a value. */
export interface SchemaProblem {
  /** JSON pointer into the value; empty for the value itself. */
  path: string;
  /** What is wrong and what would be right, one line. */
  message: string;
  /** Set when the check was given up because this budget ran out: the value is neither valid nor invalid. */
  limit?: SchemaLimit;
}

/** Longest name or text of a schema or value that is quoted in a message, in UTF-16 units. */
const MAX_QUOTED = 100;
/** Names that a message lists. */
const MAX_LISTED = 10;

const ARTICLES = {
  null: 'null',
  boolean: 'a boolean',
  number: 'a number',
  string: 'a string',
  array: 'an array',
  object: 'an object',
} as const;

/** "a string", "null": the type of a value. */
export const typeInWords = (value: Json): string => ARTICLES[typeName(value)];

/** A text from outside, cut and on one line. */
export function excerpt(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ');
}

/** A name in back quotes. */
export const quote = (name: string): string => `\`${excerpt(name)}\``;

/** "`a`, `b`, … (20 in all)" */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).map(quote).join(', ');
  return names.length > MAX_LISTED ? `${shown}, … (${names.length} in all)` : shown;
}

/** One step of a JSON pointer (RFC 6901), with its slash. */
export const pointerStep = (key: string | number): string =>
  `/${typeof key === 'number' ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** "1 item", "2 items" */
export const count = (amount: number, unit: string): string => `${amount} ${unit}${amount === 1 ? '' : 's'}`;
