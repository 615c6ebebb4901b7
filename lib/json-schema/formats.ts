/**
 * The formats that are assertions here (validation 7.2 leaves the choice): what tenants mean by `format: email` is a
 * check. All others are annotations. The expressions are ours, and each reads a text once.
 */

export interface Format {
  test(text: string): boolean;
  /** Ends the sentence "must be". */
  words: string;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:z|([+-])(\d{2}):(\d{2}))$/i;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** RFC 3339, `full-date`. */
function isDate(text: string): boolean {
  const [, year, month, day] = (DATE.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeapYear ? 29 : (MONTH_DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

/** RFC 3339, `full-time`; a leap second only where it is 23:59:60 in UTC. */
function isTime(text: string): boolean {
  const found = TIME.exec(text);
  if (found === null) return false;
  const [hour = 0, minute = 0, second = 0] = found.slice(1, 4).map(Number);
  const offsetHour = Number(found[5] ?? 0);
  const offsetMinute = Number(found[6] ?? 0);
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (found[4] === '-' ? -1 : 1);
  return (hour * 60 + minute - offset + 1440) % 1440 === 1439;
}

function isDateTime(text: string): boolean {
  return /^[tT]$/.test(text.charAt(10)) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** RFC 1123, section 2.1; a label with hyphens in its third and fourth place must be an A-label. */
function isHostname(text: string): boolean {
  if (text.length > 253) return false;
  return text
    .split('.')
    .every((label) => LABEL.test(label) && (label.slice(2, 4) !== '--' || isALabel(label.toLowerCase())));
}

/** An A-label decodes (RFC 5890, section 2.3.2.1); the platform's IDNA does that. */
function isALabel(label: string): boolean {
  return label.startsWith('xn--') && URL.canParse(`http://${label}/`);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.', 5);
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291, section 2.2. */
function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const all = groups.flat();
  const tail = all.at(-1);
  let size = all.length;
  if (tail?.includes('.') === true && text.endsWith(tail)) {
    if (!isIpv4(tail)) return false;
    all.pop();
    size++;
  }
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? size < 8 : size === 8;
}

const ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const QUOTED = /^"([\x20!#-[\]-~]|\\[\x20-~])*"$/;

/** RFC 5321, section 4.1.2: `Mailbox`. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > 64) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (!ATOM.test(local) && !QUOTED.test(local)) return false;
  if (!domain.startsWith('[') || !domain.endsWith(']')) return isHostname(domain);
  const literal = domain.slice(1, -1);
  return literal.startsWith('IPv6:') ? isIpv6(literal.slice(5)) : isIpv4(literal);
}

const URI_TEXT = /^[a-z][a-z0-9+.-]*:(?:[\w\-.~!$&'()*+,;=:@/?#[\]]|%[0-9a-f]{2})*$/i;

/** RFC 3986: an absolute URI, with a fragment or without. */
function isUri(text: string): boolean {
  if (!URI_TEXT.test(text)) return false;
  const [beforeFragment = '', ...fragments] = text.split('#');
  if (fragments.length > 1 || /[[\]]/.test(fragments[0] ?? '')) return false;
  const rest = beforeFragment.slice(beforeFragment.indexOf(':') + 1);
  const authority = rest.startsWith('//') ? (/^[^/?]*/.exec(rest.slice(2))?.[0] ?? '') : null;
  const afterAuthority = authority === null ? rest : rest.slice(authority.length + 2);
  return !/[[\]]/.test(afterAuthority) && (authority === null || isAuthority(authority));
}

/** RFC 3986, section 3.2. */
function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  if (/[[\]@]/.test(authority.slice(0, Math.max(at, 0)))) return false;
  const hostAndPort = authority.slice(at + 1);
  const literal = /^\[([^[\]]*)\](?::\d*)?$/.exec(hostAndPort);
  if (literal !== null)
    return isIpv6(literal[1] ?? '') || /^v[0-9a-f]+\.[\w\-.~!$&'()*+,;=:]+$/i.test(literal[1] ?? '');
  return /^[^[\]:@]*(?::\d*)?$/.test(hostAndPort);
}

const matches =
  (expression: RegExp) =>
  (text: string): boolean =>
    expression.test(text);

const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['date-time', { test: isDateTime, words: 'a date and time as of RFC 3339, such as 2026-01-31T12:00:00Z' }],
  ['date', { test: isDate, words: 'a date such as 2026-01-31' }],
  ['time', { test: isTime, words: 'a time with its zone as of RFC 3339, such as 12:00:00Z' }],
  ['email', { test: isEmail, words: 'an email address' }],
  ['uri', { test: isUri, words: 'a URI with its scheme' }],
  ['uuid', { test: matches(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i), words: 'a UUID' }],
  ['ipv4', { test: isIpv4, words: 'an IPv4 address' }],
  ['ipv6', { test: isIpv6, words: 'an IPv6 address' }],
  ['hostname', { test: isHostname, words: 'a host name' }],
]);

/** The format of that name, or null when it is an annotation. */
export const findFormat = (name: string): Format | null => FORMATS.get(name) ?? null;
