/**
 * The formats of texts that the language's JSON schema names, each as far as it goes: what passes here has the
 * right shape. Every check takes time linear in the text.
 */
import { isIPv6 } from 'node:net';
import { isStrictExpression } from '../../engine/expression.ts';

/** Semantic Versioning 2.0.0, its own suggested pattern. */
export const SEMANTIC_VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

/** A DNS label (RFC 1123, section 2.1), in either case as the language's schema allows. */
export const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

/** The host of a gRPC service, as the language's schema has it. */
export const GRPC_HOST = /^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$/;

/** ISO 8601 durations with every unit, also those of no fixed length. */
export const ISO_DURATION =
  /^P(?!$)(?:\d+(?:\.\d+)?Y)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?W)?(?:\d+(?:\.\d+)?D)?(?:T(?=\d)(?:\d+(?:\.\d+)?H)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?S)?)?$/;

/** RFC 6901, section 3. */
export const JSON_POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;

const LINE_BREAK = /[\n\r\u2028\u2029]/;

/** An expression where the schema wants one: one whole `${ }`, on one line. */
export const isExpression = (text: string): boolean =>
  isStrictExpression(text) && !LINE_BREAK.test(text.trim());

/** How to write an expression that the schema refuses because it has line breaks. */
export function lineBreakHint(text: string): string {
  return isStrictExpression(text) ? 'an expression stands on one line here (in YAML, `>-` joins lines)' : '';
}

/** A URI template or a URI reference, and not an expression (schema, uriTemplate). */
export const isUriTemplate = (text: string): boolean =>
  !/^\s*\$\{/.test(text) && STRUCTURE.test(text) && (TEMPLATE.test(text) || isUriReference(text));

/** RFC 6570, section 2, with the operators that it reserves. */
export const isTemplateFormat = (text: string): boolean => TEMPLATE.test(text);

/** The split of RFC 3986, appendix B: nothing but the scheme may have spaces in it. */
const STRUCTURE =
  /^(?=\S)(?:(?:[^:/?#]+):)?(?:\/\/(?:[^/?#\s]*))?(?:[^?#\s]*)(?:\?(?:[^#\s]*))?(?:#(?:\S*))?$/u;

const NAME = '(?:[a-z0-9_]|%[0-9a-f]{2})+(?:\\.(?:[a-z0-9_]|%[0-9a-f]{2})+)*(?::[1-9]\\d{0,3}|\\*)?';
const TEMPLATE = new RegExp(
  `^(?:[^\\x00-\\x20"'<>%\\\\^\`{|}]|%[0-9a-f]{2}|\\{[+#./;?&=,!@|]?${NAME}(?:,${NAME})*\\})*$`,
  'i',
);

/** pchar of RFC 3986 and the double quote, which many let pass. */
const PCHAR = `(?:[a-z0-9\\-._~!$&'"()*+,;=:@]|%[0-9a-f]{2})`;
const REFERENCE = new RegExp(
  '^(?:[a-z][a-z0-9+\\-.]*:)?' +
    `(?:\\/?\\/(?:(?:[a-z0-9\\-._~!$&'()*+,;=:]|%[0-9a-f]{2})*@)?` +
    `(?:\\[(?<address>[0-9a-f:.]+)\\]|\\[v[0-9a-f]+\\.[a-z0-9\\-._~!$&'()*+,;=:]+\\]|(?:[a-z0-9\\-._~!$&'"()*+,;=]|%[0-9a-f]{2})*)` +
    `(?::\\d*)?(?:\\/${PCHAR}*)*|\\/(?:${PCHAR}+(?:\\/${PCHAR}*)*)?|${PCHAR}+(?:\\/${PCHAR}*)*)?` +
    `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?$`,
  'i',
);

/** RFC 3986, section 4.1. */
function isUriReference(text: string): boolean {
  const match = REFERENCE.exec(text);
  if (match === null) return false;
  const address = match.groups?.['address'];
  return address === undefined || isIPv6(address);
}

const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[tT\s](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[zZ]|([+-])(\d\d)(?::?(\d\d))?)$/;

/** A time of RFC 3339, leap seconds included; minutes of the offset may be left out. */
export function isDateTime(text: string): boolean {
  const match = DATE_TIME.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const sign = match[7] === '-' ? -1 : 1;
  const [offsetHours, offsetMinutes] = [Number(match[8] ?? 0), Number(match[9] ?? 0)];
  if (!isDay(year ?? 0, month ?? 0, day ?? 0) || offsetHours > 23 || offsetMinutes > 59) return false;
  if ((hour ?? 0) <= 23 && (minute ?? 0) <= 59 && (second ?? 0) < 60) return true;
  const utcMinute = (minute ?? 0) - offsetMinutes * sign;
  const utcHour = (hour ?? 0) - offsetHours * sign - (utcMinute < 0 ? 1 : 0);
  return [23, -1].includes(utcHour) && [59, -1].includes(utcMinute) && (second ?? 0) < 61;
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return day >= 1 && day <= (days ?? 0);
}
