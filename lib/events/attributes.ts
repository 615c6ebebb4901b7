/** The context attributes of CloudEvents: their names, types and values (CloudEvents 1.0.2, section 2.4 and 3). */
import type { Json } from '../engine/types.ts';
import { INSTANT_MESSAGE, toInstant } from '../runs/instant.ts';

/** Of each text. Other text than data is looked up, compared and shown: none of it is large. */
const MAX_TEXT_LENGTH = 2048;

/** What is wrong with a value; null when it is right. */
type Check = (value: Json) => string | null;

/** Characters that no String of CloudEvents has: controls, halves of surrogate pairs, noncharacters. */
// oxlint-disable-next-line no-control-regex -- it is about them
const FORBIDDEN = /[\u0000-\u001F\u007F-\u009F\p{Surrogate}\p{Noncharacter_Code_Point}]/u;
const URI = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:./;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[ \t]*(?:;.*)?$/;
const MAX_INTEGER = 2 ** 31 - 1;

const text: Check = (value) => {
  if (typeof value !== 'string') return 'must be a string';
  if (value === '') return 'must not be empty';
  if (value.length > MAX_TEXT_LENGTH) return `must have at most ${MAX_TEXT_LENGTH} characters`;
  return FORBIDDEN.test(value)
    ? 'must not contain control characters, half surrogates or noncharacters'
    : null;
};

/** A text that also looks right. */
const textLike =
  (isRight: (value: string) => boolean, message: string): Check =>
  (value) => {
    if (typeof value !== 'string') return 'must be a string';
    return text(value) ?? (isRight(value) ? null : message);
  };

/** Extension attributes: a string, a boolean or an integer of 32 bits. */
const extension: Check = (value) => {
  if (typeof value === 'boolean') return null;
  if (typeof value === 'string') return value === '' ? null : text(value);
  if (typeof value !== 'number') return 'must be a string, a boolean or an integer';
  const fits = Number.isInteger(value) && value >= -MAX_INTEGER - 1 && value <= MAX_INTEGER;
  return fits ? null : 'must be an integer from -2147483648 to 2147483647';
};

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['specversion', (value) => (value === '1.0' ? null : 'must be "1.0"')],
  ['id', text],
  [
    'source',
    textLike(
      (value) => URI.test(value),
      'must be a URI-reference (RFC 3986); percent-encode other characters',
    ),
  ],
  ['type', text],
  ['subject', text],
  ['time', textLike((value) => toInstant(value) !== null, INSTANT_MESSAGE)],
  [
    'datacontenttype',
    textLike((value) => MEDIA_TYPE.test(value), 'must be a media type, for example application/json'),
  ],
  [
    'dataschema',
    textLike((value) => URI.test(value) && SCHEME.test(value), 'must be an absolute URI (RFC 3986)'),
  ],
]);

/** The attributes that every event has. */
export const REQUIRED_ATTRIBUTES = ['specversion', 'id', 'source', 'type'] as const;

/**
 * What is wrong with an attribute, or null.
 * @param value as in the JSON format; from a header always a string
 */
export function attributeProblem(name: string, value: Json): string | null {
  if (!/^[a-z0-9]{1,64}$/.test(name)) {
    return 'is no name of an attribute: it has 1 to 64 characters of "a" to "z" and "0" to "9"';
  }
  return (CHECKS.get(name) ?? extension)(value);
}
