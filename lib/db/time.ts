/** Times between Postgres and callers. */

const TIMESTAMP = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::?(\d\d))?$/;

/**
 * The text of a `timestamptz` (ISO datestyle, any session time zone) as RFC 3339 UTC with milliseconds,
 * for example `2026-01-02T03:04:05.678Z`; null stays null.
 * @throws {RangeError} when the text is not such a time
 */
export function toRfc3339(text: string): string;
export function toRfc3339(text: string | null): string | null;
export function toRfc3339(text: string | null): string | null {
  if (text === null) return null;
  const parts = TIMESTAMP.exec(text);
  if (parts === null) throw new RangeError(`not the text of a timestamptz: "${text}"`);
  const [, date, time, hours, minutes = '00'] = parts;
  return new Date(`${date}T${time}${hours}:${minutes}`).toISOString();
}
