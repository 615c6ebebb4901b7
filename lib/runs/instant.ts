/** Times as callers write them. */

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** What a time must look like, for the errors of a request. */
export const INSTANT_MESSAGE = 'must be an RFC 3339 time with an offset, for example 2026-01-31T09:30:00Z';

/**
 * The time in UTC with milliseconds: Postgres takes fewer offsets than RFC 3339 has.
 * @returns null when the text is no RFC 3339 time, its day does not exist, or UTC has it outside the years 1 to 9999
 */
export function toInstant(text: string): string | null {
  const upper = text.toUpperCase();
  const time = Date.parse(upper);
  if (!RFC_3339.test(upper) || Number.isNaN(time)) return null;
  // Date.parse takes the 30th of February for the 2nd of March.
  const day = new Date(`${upper.slice(0, 10)}T00:00:00Z`);
  if (!day.toISOString().startsWith(upper.slice(0, 10))) return null;
  const instant = new Date(time);
  const year = instant.getUTCFullYear();
  return year >= 1 && year <= 9999 ? instant.toISOString() : null;
}
