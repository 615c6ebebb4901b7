/** Names of time zones, as the IANA database has them. */

const NAME = /^[A-Za-z][\w+-]*(?:\/[A-Za-z][\w+-]*)*$/;

/** @returns what is wrong with the name, or null */
export function timeZoneProblem(name: string): string | null {
  if (isKnown(name)) return null;
  const text = name.slice(0, 40).replaceAll('`', "'");
  return `\`${text}\` is not a time zone; write its IANA name, \`Europe/Berlin\` say`;
}

function isKnown(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
