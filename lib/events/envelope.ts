/** One event in the JSON format of CloudEvents (JSON Event Format 1.0.2), checked. */
import { isJsonObject } from '../engine/json.ts';
import type { CloudEvent, Json } from '../engine/types.ts';
import type { ErrorItem } from '../errors.ts';
import { attributeProblem, REQUIRED_ATTRIBUTES } from './attributes.ts';

/** Beyond it the attributes of an event are not looked at. */
const MAX_ATTRIBUTES = 100;

export type ReadEvent = { ok: true; event: CloudEvent } | { ok: false; errors: ErrorItem[] };

const DATA_MEMBERS = ['data', 'data_base64'];

/** Standard base64 with padding (RFC 4648, section 4). */
const isBase64 = (value: Json): boolean =>
  typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);

const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * Checks an event. Members that are null are left out: they mean the same as absent ones (section 2.2).
 * @param value as parsed from JSON, so that its members are its own
 * @param pathOf where an attribute was given, for the errors; without a name: the event itself
 */
export function readEnvelope(value: Json, pathOf: (name?: string) => string): ReadEvent {
  if (!isJsonObject(value)) {
    return { ok: false, errors: [{ path: pathOf(), message: 'must be an object: a CloudEvent' }] };
  }
  const members = Object.entries(value).filter(([, member]) => member !== null);
  const attributes = members.filter(([name]) => !DATA_MEMBERS.includes(name));
  if (attributes.length > MAX_ATTRIBUTES) {
    const message = `must have at most ${MAX_ATTRIBUTES} attributes`;
    return { ok: false, errors: [{ path: pathOf(), message }] };
  }
  const names = new Set(members.map(([name]) => name));
  const errors: ErrorItem[] = REQUIRED_ATTRIBUTES.filter((name) => !names.has(name)).map((name) => ({
    path: pathOf(name),
    message: 'is required',
  }));
  for (const [name, member] of attributes) {
    const message = attributeProblem(name, member);
    if (message !== null) errors.push({ path: pathOf(name), message });
  }
  errors.push(...dataProblems(value, names, pathOf));
  // `data: null` is data, unlike an attribute that is null.
  const isNullData = (name: string): boolean => name === 'data' && !names.has('data_base64');
  const kept = Object.entries(value).filter(([name]) => names.has(name) || isNullData(name));
  return errors.length > 0 ? { ok: false, errors } : { ok: true, event: Object.fromEntries(kept) };
}

function dataProblems(
  value: CloudEvent,
  names: ReadonlySet<string>,
  pathOf: (name?: string) => string,
): ErrorItem[] {
  if (!names.has('data_base64')) return [];
  const path = pathOf('data_base64');
  if (names.has('data')) return [{ path, message: 'must not stand beside data' }];
  const isRight = isBase64(value['data_base64'] ?? null);
  return isRight ? [] : [{ path, message: 'must be base64 with padding (RFC 4648, section 4)' }];
}

/**
 * Checks an event of a JSON body.
 * @param base JSON pointer to it
 */
export const readJsonEvent = (value: Json, base: string): ReadEvent =>
  readEnvelope(value, (name) => (name === undefined ? base : `${base}/${escapePointer(name)}`));
