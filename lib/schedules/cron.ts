/**
 * Cron expressions: five fields in a time zone, UTC by default. A local time that the clock skips comes once, right
 * after the gap; one that the clock repeats comes once, the first time. An hour field of `*` follows the clock: it
 * comes every hour that passes.
 */
import { Cron } from 'croner';

/** What `schedule.cron` says. */
export interface CronText {
  /** The five fields. */
  fields: string;
  /** Of the prefix `CRON_TZ=` or `TZ=`; null without one. */
  timeZone: string | null;
}

const PREFIX = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/s;
const RANGES = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12 },
  { from: 0, to: 7 },
];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MAX_COMPILED = 1000;

const compiled = new Map<string, Cron>();

/** Takes the prefix from the text. */
export function readCron(text: string): CronText {
  const match = PREFIX.exec(text.trim());
  return { fields: (match?.[2] ?? text).trim(), timeZone: match?.[1] ?? null };
}

function numberOf(text: string, field: number): number {
  const lower = text.toLowerCase();
  if (field === 3 && MONTHS.includes(lower)) return MONTHS.indexOf(lower) + 1;
  if (field === 4 && DAYS.includes(lower)) return DAYS.indexOf(lower);
  return Number(text);
}

/** The numbers that an item stands for: `*`, `5`, `1-5`, with a step after `/`. */
function expandItem(item: string, field: number): number[] {
  const [range = '', step = '1'] = item.split('/');
  const bounds = RANGES[field] ?? { from: 0, to: 0 };
  const [first = '', last = first] = range.split('-');
  const from = range === '*' ? bounds.from : numberOf(first, field);
  const to = range === '*' ? bounds.to : numberOf(last, field);
  const numbers: number[] = [];
  for (let at = from; at <= to; at += Number(step)) numbers.push(field === 4 ? at % 7 : at);
  return numbers;
}

/**
 * The fields with every number written out, so that the library sees a step as the times that it stands for; a field
 * that is `*` stays, but for the minutes of hours that are given.
 */
function expand(fields: string): string {
  const texts = fields.split(/\s+/);
  const everyHour = texts[1] === '*' || texts[1] === '*/1';
  return texts
    .map((text, field) => {
      if ((text === '*' || text === '*/1') && (field !== 0 || everyHour)) return '*';
      const numbers = text.split(',').flatMap((item) => expandItem(item, field));
      return [...new Set(numbers)].toSorted((a, b) => a - b).join(',');
    })
    .join(' ');
}

function compile(fields: string, timeZone: string): Cron {
  const key = `${timeZone} ${fields}`;
  let cron = compiled.get(key);
  if (cron === undefined) {
    cron = new Cron(expand(fields), {
      timezone: timeZone,
      mode: '5-part',
      fixedTimeRule: 'no-wildcard',
      paused: true,
    });
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(key, cron);
  }
  return cron;
}

/**
 * The first fire time after a moment.
 * @param fields five fields that passed the validator (lib/dsl/validate/cron.ts)
 * @param afterMs epoch milliseconds
 * @returns epoch milliseconds; null when there is none any more (30 February)
 * @throws when the time zone is unknown
 */
export function nextCronMs(fields: string, timeZone: string, afterMs: number): number | null {
  return compile(fields, timeZone).nextRun(new Date(afterMs))?.getTime() ?? null;
}
