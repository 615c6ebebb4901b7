/** Checks of shape that every part shares: the right kind of value, no unknown members, none missing. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Report } from './report.ts';
import { didYouMean, listed, shown } from './text.ts';

/** The JSON pointer of a member (RFC 6901). */
export function at(path: string, key: string | number): string {
  return `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** "is a number", "is missing"…, for messages. */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return 'is a list';
  return typeof value === 'object' ? 'is an object' : `is a ${typeof value}`;
}

/** The own member `key`; undefined when it is absent. */
export const get = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** The value as an object; null, with an error, when it is something else. `name` begins the message. */
export function asObject(
  report: Report,
  value: Json | undefined,
  path: string,
  name: string,
): JsonObject | null {
  if (isJsonObject(value)) return value;
  report.shape(path, `${name} must be an object; it ${kindOf(value)}`);
  return null;
}

/** The value as text; null, with an error that says how to write it, when it is something else. */
export function asText(report: Report, value: Json | undefined, path: string, name: string): string | null {
  if (typeof value === 'string') return value;
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  const hint = scalar ? `; put it in quotes: '${String(value)}'` : '';
  report.shape(path, `${name} must be a text; it ${kindOf(value)}${hint}`);
  return null;
}

/** The value as a list; empty, with an error, when it is something else. */
export function asList(report: Report, value: Json, path: string, name: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  report.shape(path, `${name} must be a list; it ${kindOf(value)}`);
  return [];
}

/** Checks one member. `name` is the member's, in backquotes. */
export type MemberCheck = (value: Json, path: string, name: string) => void;

interface ObjectShape {
  /** What the object is, for messages: "a task", "`call: http`". */
  of: string;
  /** By name; a member whose check is null is known, and looked at elsewhere. */
  members: Readonly<Record<string, MemberCheck | null>>;
  required?: readonly string[];
  /** Names that people write for a known one. */
  synonyms?: Readonly<Record<string, string>>;
  /** The language's schema lets other members through; nothing here would read them. */
  open?: boolean;
}

/** Checks an object: unknown members, with the nearest known name, missing ones in one problem, then each member. */
export function checkObject(report: Report, object: JsonObject, path: string, shape: ObjectShape): void {
  const { of, members, required = [], synonyms = {}, open = false } = shape;
  const known = Object.keys(members);
  for (const key of Object.keys(object)) {
    if (Object.hasOwn(members, key)) continue;
    const kind = open ? 'semantic' : 'shape';
    report.add(kind, at(path, key), unknownMember(report, key, of, known, synonyms));
  }
  const missing = required.filter((key) => !Object.hasOwn(object, key));
  if (missing.length > 0) report.shape(path, `missing ${listed(missing)}; ${of} needs ${listed(required)}`);
  for (const [key, check] of Object.entries(members)) {
    const value = get(object, key);
    if (value !== undefined && check !== null) check(value, at(path, key), shown(key));
  }
}

function unknownMember(
  report: Report,
  key: string,
  of: string,
  known: readonly string[],
  synonyms: Readonly<Record<string, string>>,
): string {
  // Beyond the cap the message is thrown away: no work for it.
  if (report.full) return '';
  const synonym = Object.hasOwn(synonyms, key) ? synonyms[key] : undefined;
  const hint = synonym === undefined ? didYouMean(key, known) : `; did you mean ${shown(synonym)}?`;
  return `unknown property ${shown(key)}${hint === '' ? `; ${of} has ${listed(known)}` : hint}`;
}

/**
 * Which one of several members is given, where the language wants exactly one.
 * @returns its name; null, with an error, when there is none or more than one
 */
export function exactlyOne(
  report: Report,
  object: JsonObject,
  path: string,
  of: string,
  names: readonly string[],
): string | null {
  const given = names.filter((name) => Object.hasOwn(object, name));
  const [only] = given;
  if (only !== undefined && given.length === 1) return only;
  const has = given.length === 0 ? 'none' : listed(given);
  report.shape(path, `${of} must have exactly one of ${listed(names, 'or')}; it has ${has}`);
  return null;
}
