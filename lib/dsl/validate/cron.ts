/** Cron expressions: five fields, in UTC or in the time zone of a prefix, `CRON_TZ=Europe/Berlin 0 9 * * *`. */
import { timeZoneProblem } from './time-zone.ts';

interface Field {
  name: string;
  min: number;
  max: number;
  /** What may stand for numbers, from `min` on. */
  names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // 7 is Sunday too.
  { name: 'day of the week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const MAX_LENGTH = 200;

const PREFIX = /^(?:CRON_)?TZ=(\S*)\s*/;

/** The time zone that the expression begins with; null without one. */
export const cronZone = (text: string): string | null => PREFIX.exec(text.trim())?.[1] ?? null;

/** @returns what is wrong with the expression, or null */
export function cronProblem(text: string): string | null {
  if (text.length > MAX_LENGTH) return `a cron expression has at most ${MAX_LENGTH} characters`;
  const zone = cronZone(text);
  const zoneProblem = zone === null ? null : timeZoneProblem(zone);
  return zoneProblem ?? fieldsProblem(text.trim().replace(PREFIX, ''));
}

function fieldsProblem(text: string): string | null {
  if (text.startsWith('@')) return 'write the five fields, `0 0 * * *` say, instead of a nickname';
  const fields = text.split(/\s+/);
  if (fields.length !== FIELDS.length) {
    const hint = fields.length === 6 ? ' (there are no seconds)' : '';
    return `a cron expression has five fields, minute, hour, day of the month, month and day of the week; this one has ${text === '' ? 0 : fields.length}${hint}`;
  }
  for (const [index, field] of FIELDS.entries()) {
    for (const item of (fields[index] ?? '').split(',')) {
      const problem = itemProblem(item, field);
      if (problem !== null) return problem;
    }
  }
  return null;
}

/** `*`, `5`, `1-5`, with a step after `/`. */
function itemProblem(item: string, field: Field): string | null {
  const { name, min, max } = field;
  const [range = '', step, ...more] = item.split('/');
  const [from = '', to, ...others] = range.split('-');
  const wrong = `\`${item.replaceAll('`', "'")}\` is not a valid ${name} (${min} to ${max})`;
  if (more.length > 0 || others.length > 0) return wrong;
  if (step !== undefined && !(/^\d{1,4}$/.test(step) && Number(step) > 0)) return wrong;
  if (range === '*') return null;
  const first = valueOf(from, field);
  if (first === null) return wrong;
  if (to === undefined) return step === undefined ? null : `${wrong}; a step goes with \`*\` or a range`;
  const last = valueOf(to, field);
  return last === null || last < first ? wrong : null;
}

function valueOf(text: string, { min, max, names = [] }: Field): number | null {
  const named = names.indexOf(text.toLowerCase());
  if (named !== -1) return named + min;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= min && value <= max ? value : null;
}
