/** Dates in UTC: jq's "broken down time" arrays, strftime and strptime (POSIX, C locale). */
import { fail } from './errors.ts';
import type { Json } from './json.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAY_SECONDS = 86_400;
/** JavaScript dates reach this many seconds from 1970. */
const MAX_SECONDS = 8.64e12;

/** Seconds since 1970 to `[year, month from 0, day, hours, minutes, seconds, weekday, day of year from 0]`. */
export function brokenDown(seconds: number): number[] {
  if (!(Math.abs(seconds) <= MAX_SECONDS)) {
    return fail('error converting number of seconds since epoch to datetime');
  }
  const date = new Date(Math.trunc(seconds) * 1000);
  const fraction = seconds - Math.floor(seconds);
  return [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds() + fraction,
    date.getUTCDay(),
    dayOfYear(date),
  ];
}

function dayOfYear(date: Date): number {
  const start = utc(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() / 1000 - start) / DAY_SECONDS);
}

/** Seconds since 1970; fields beyond their range carry over. */
function utc(year: number, month: number, day: number, hours = 0, minutes = 0, seconds = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hours, minutes, seconds, 0);
  return date.getTime() / 1000;
}

/** The seconds of a broken down time; missing fields are 0. `name` starts the error message. */
export function secondsOf(time: Json, name: string): number {
  if (!Array.isArray(time)) return fail(`${name} requires parsed datetime inputs`);
  const fields = time.slice(0, 8).map((field) => {
    if (typeof field !== 'number' || Number.isNaN(field))
      return fail(`${name} requires parsed datetime inputs`);
    return Math.trunc(field);
  });
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = fields;
  const result = utc(year, month, day, hours, minutes, seconds);
  return Number.isNaN(result) ? fail('invalid gmtime representation') : result;
}

function pad(value: number, width = 2, fill = '0'): string {
  return String(Math.abs(value))
    .padStart(width, fill)
    .padStart(value < 0 ? width + 1 : 0, '-');
}

/** ISO 8601 year and week. */
function isoWeek(seconds: number): [year: number, week: number] {
  const date = new Date(seconds * 1000);
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(seconds * 1000 + (3 - weekday) * DAY_SECONDS * 1000);
  return [thursday.getUTCFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1];
}

/** The conversions that stand for others. */
const COMPOSITE: Record<string, string> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  '+': '%a %b %e %H:%M:%S %Z %Y',
};

type Convert = (date: Date) => string;

const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;
const year = (date: Date): number => date.getUTCFullYear();
const week = (date: Date, firstDay: number): number =>
  Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() - firstDay + 7) % 7)) / 7);

const CONVERSIONS: Record<string, Convert> = {
  a: (date) => (DAYS[date.getUTCDay()] ?? '').slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()] ?? '',
  b: (date) => (MONTHS[date.getUTCMonth()] ?? '').slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()] ?? '',
  C: (date) => pad(Math.floor(year(date) / 100)),
  d: (date) => pad(date.getUTCDate()),
  e: (date) => pad(date.getUTCDate(), 2, ' '),
  G: (date) => pad(isoWeek(date.getTime() / 1000)[0], 4),
  g: (date) => pad(isoWeek(date.getTime() / 1000)[0] % 100),
  H: (date) => pad(date.getUTCHours()),
  I: (date) => pad(hour12(date)),
  j: (date) => pad(dayOfYear(date) + 1, 3),
  k: (date) => pad(date.getUTCHours(), 2, ' '),
  l: (date) => pad(hour12(date), 2, ' '),
  m: (date) => pad(date.getUTCMonth() + 1),
  M: (date) => pad(date.getUTCMinutes()),
  n: () => '\n',
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: (date) => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  s: (date) => String(date.getTime() / 1000),
  S: (date) => pad(date.getUTCSeconds()),
  t: () => '\t',
  u: (date) => String(date.getUTCDay() || 7),
  U: (date) => pad(week(date, 0)),
  V: (date) => pad(isoWeek(date.getTime() / 1000)[1]),
  w: (date) => String(date.getUTCDay()),
  W: (date) => pad(week(date, 1)),
  y: (date) => pad(((year(date) % 100) + 100) % 100),
  Y: (date) => String(year(date)),
  z: () => '+0000',
  Z: () => 'UTC',
  '%': () => '%',
};

/** Formats seconds since 1970 by a strftime format. */
export function formatTime(seconds: number, format: string): string {
  const date = new Date(Math.floor(seconds) * 1000);
  return format.replace(/%[EO_0^#-]?(.)/gsu, (whole, letter: string) => {
    const composite = Object.hasOwn(COMPOSITE, letter) ? COMPOSITE[letter] : undefined;
    if (composite !== undefined) return formatTime(seconds, composite);
    const convert = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : undefined;
    return convert === undefined ? whole : convert(date);
  });
}

/** What strptime has read so far. */
interface Parsed {
  year: number;
  month: number;
  day: number;
  hours: number;
  minutes: number;
  seconds: number;
  weekday: number | null;
  yearDay: number | null;
  afternoon: boolean | null;
  epochSeconds: number | null;
}

type Read = { pattern: RegExp; store: (parsed: Parsed, text: string) => void };

const digits = (width: number, store: (parsed: Parsed, value: number) => void): Read => ({
  pattern: new RegExp(`\\s*([+-]?\\d{1,${width}})`, 'y'),
  store: (parsed, text) => store(parsed, Number(text)),
});

const nameOf = (names: readonly string[], store: (parsed: Parsed, index: number) => void): Read => ({
  pattern: new RegExp(`(${names.map((name) => `${name}|${name.slice(0, 3)}`).join('|')})`, 'iy'),
  store: (parsed, text) =>
    store(
      parsed,
      names.findIndex((name) => name.slice(0, 3) === capitalized(text)),
    ),
});

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1, 3).toLowerCase();
}

const weekdayName = nameOf(DAYS, (parsed, index) => (parsed.weekday = index));
const monthName = nameOf(MONTHS, (parsed, index) => (parsed.month = index));
const dayNumber = digits(2, (parsed, value) => (parsed.day = value));
const hourNumber = digits(2, (parsed, value) => (parsed.hours = value));
const nothing = { store: () => undefined };

const READERS: Record<string, Read> = {
  a: weekdayName,
  A: weekdayName,
  b: monthName,
  B: monthName,
  d: dayNumber,
  e: dayNumber,
  H: hourNumber,
  k: hourNumber,
  I: hourNumber,
  l: hourNumber,
  j: digits(3, (parsed, value) => (parsed.yearDay = value - 1)),
  m: digits(2, (parsed, value) => (parsed.month = value - 1)),
  M: digits(2, (parsed, value) => (parsed.minutes = value)),
  p: { pattern: /(am|pm)/iy, store: (parsed, text) => (parsed.afternoon = text.toLowerCase() === 'pm') },
  s: digits(16, (parsed, value) => (parsed.epochSeconds = value)),
  S: digits(2, (parsed, value) => (parsed.seconds = value)),
  u: digits(1, (parsed, value) => (parsed.weekday = value % 7)),
  w: digits(1, (parsed, value) => (parsed.weekday = value)),
  y: digits(2, (parsed, value) => (parsed.year = value + (value < 69 ? 2000 : 1900))),
  Y: digits(4, (parsed, value) => (parsed.year = value)),
  z: { pattern: /\s*(Z|[+-]\d{2}(?::?\d{2})?)/y, ...nothing },
  Z: { pattern: /([A-Za-z]+)/y, ...nothing },
  n: { pattern: /(\s*)/y, ...nothing },
  t: { pattern: /(\s*)/y, ...nothing },
  '%': { pattern: /(%)/y, ...nothing },
};

const WHITE_SPACE = /\s*/y;

/** Reads the text by the format; gives the offset behind it, or -1. */
function readFields(text: string, format: string, parsed: Parsed): number {
  let at = 0;
  for (const [part] of format.matchAll(/%[EO]?.|\s+|[^%\s]/gsu)) {
    const letter = part.length > 1 && part.startsWith('%') ? part.slice(-1) : '';
    const composite = Object.hasOwn(COMPOSITE, letter) ? COMPOSITE[letter] : undefined;
    if (composite !== undefined) {
      const used = readFields(text.slice(at), composite, parsed);
      if (used === -1) return -1;
      at += used;
    } else if (/^\s/.test(part)) {
      WHITE_SPACE.lastIndex = at;
      at += WHITE_SPACE.exec(text)?.[0].length ?? 0;
    } else if (letter === '') {
      if (!text.startsWith(part, at)) return -1;
      at += part.length;
    } else {
      const reader = Object.hasOwn(READERS, letter) ? READERS[letter] : undefined;
      if (reader === undefined) return -1;
      reader.pattern.lastIndex = at;
      const found = reader.pattern.exec(text);
      if (found === null) return -1;
      reader.store(parsed, found[1] ?? '');
      at += found[0].length;
    }
  }
  return at;
}

/** jq's `strptime`: a broken down time; text behind it is added when white space comes first. */
export function parseTime(text: string, format: string): Json[] {
  const parsed: Parsed = {
    year: 1900,
    month: 0,
    day: 0,
    hours: 0,
    minutes: 0,
    seconds: 0,
    weekday: null,
    yearDay: null,
    afternoon: null,
    epochSeconds: null,
  };
  const end = readFields(text, format, parsed);
  const rest = end === -1 ? '' : text.slice(end);
  if (end === -1 || (rest !== '' && !/^\s/.test(rest))) {
    return fail(`date "${text}" does not match format "${format}"`);
  }
  const tail: Json[] = rest === '' ? [] : [rest];
  if (parsed.epochSeconds !== null) return [...brokenDown(parsed.epochSeconds), ...tail];
  if (parsed.afternoon !== null) parsed.hours = (parsed.hours % 12) + (parsed.afternoon ? 12 : 0);
  const { year: y, month, day, hours, minutes, seconds } = parsed;
  const [, , , , , , weekday = 0, yearDay = 0] = brokenDown(utc(y, month, day === 0 ? 1 : day));
  return [
    y,
    month,
    day,
    hours,
    minutes,
    seconds,
    parsed.weekday ?? weekday,
    parsed.yearDay ?? yearDay,
    ...tail,
  ];
}
