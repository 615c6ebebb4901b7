/** Makes an event of what a definition says of it: attributes as CloudEvents 1.0 has them, with the usual defaults. */
import { isJsonObject, member, setMember } from '../../engine/json.ts';
import type { CloudEvent, Json } from '../../engine/types.ts';

/** What an event has unless the definition says otherwise. */
export interface EventDefaults {
  id: string;
  source: string;
  /** RFC 3339 */
  time: string;
}

export type MadeEvent = { ok: true; event: CloudEvent } | { ok: false; problem: string };

const MAX_ATTRIBUTES = 100;
const MAX_TEXT_LENGTH = 2048;
const MAX_INTEGER = 2 ** 31 - 1;
/** Section 2.4: characters that no String has. */
// oxlint-disable-next-line no-control-regex -- it is about them
const FORBIDDEN = /[\u0000-\u001F\u007F-\u009F\p{Surrogate}\p{Noncharacter_Code_Point}]/u;
/** RFC 3986, section 2: characters of a URI-reference. */
const URI = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:./;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[ \t]*(?:;.*)?$/;
const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Attributes that are texts of a certain look; null: any text. */
const TEXTS: Readonly<Record<string, { isRight: (text: string) => boolean; right: string } | null>> = {
  id: null,
  type: null,
  subject: null,
  source: {
    isRight: (text) => URI.test(text),
    right: 'a URI-reference (RFC 3986), with other characters percent-encoded',
  },
  dataschema: { isRight: (text) => URI.test(text) && SCHEME.test(text), right: 'an absolute URI (RFC 3986)' },
  datacontenttype: { isRight: (text) => MEDIA_TYPE.test(text), right: 'a media type, `text/plain` say' },
  time: {
    isRight: (text) => INSTANT.test(text) && !Number.isNaN(Date.parse(text)),
    right: 'a time such as `2026-01-31T12:00:00Z` (RFC 3339)',
  },
};

/** Names of attributes (CloudEvents 1.0, section 3.1); `data` is none of them. */
export const isAttributeName = (name: string): boolean => /^[a-z0-9]{1,64}$/.test(name);

/**
 * @param properties what `emit.event.with` gave; an attribute that is null is absent
 * @returns the event, or what is wrong with it, as a sentence that names the attribute
 */
export function makeEvent(properties: Json, defaults: EventDefaults): MadeEvent {
  if (!isJsonObject(properties)) return { ok: false, problem: 'It is no object.' };
  const event: CloudEvent = { specversion: '1.0', ...defaults };
  const given = Object.entries(properties).filter(([name, value]) => value !== null && name !== 'data');
  if (given.length > MAX_ATTRIBUTES)
    return { ok: false, problem: `It has more than ${MAX_ATTRIBUTES} attributes.` };
  for (const [name, value] of given) {
    const problem = attributeProblem(name, value);
    if (problem !== null) return { ok: false, problem: `Its attribute ${JSON.stringify(name)} ${problem}.` };
    setMember(event, name, value);
  }
  if (member(event, 'type') === undefined) return { ok: false, problem: 'It has no `type`.' };
  const data = member(properties, 'data');
  if (data === undefined) return { ok: true, event };
  const { datacontenttype = 'application/json', ...others } = event;
  return { ok: true, event: { ...others, datacontenttype, data } };
}

function attributeProblem(name: string, value: Json): string | null {
  if (!isAttributeName(name)) return 'has a name of other characters than `a` to `z` and `0` to `9`';
  if (name === 'specversion') return value === '1.0' ? null : 'must be "1.0"';
  const isText = Object.hasOwn(TEXTS, name);
  if (typeof value === 'string') {
    if (value === '') return 'must not be empty';
    if (value.length > MAX_TEXT_LENGTH) return `must have at most ${MAX_TEXT_LENGTH} characters`;
    if (FORBIDDEN.test(value)) return 'must not have control characters, half surrogates or noncharacters';
    const look = isText ? (TEXTS[name] ?? null) : null;
    return look === null || look.isRight(value) ? null : `must be ${look.right}`;
  }
  if (isText) return 'must be a text';
  if (typeof value === 'boolean') return null;
  if (typeof value !== 'number') return 'must be a text, a whole number, true or false';
  const fits = Number.isInteger(value) && value >= -MAX_INTEGER - 1 && value <= MAX_INTEGER;
  return fits ? null : 'must be a whole number from -2147483648 to 2147483647';
}
