/** The field WWW-Authenticate: a list of challenges (RFC 9110, 11.6.1). Lenient, in one pass. */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const REST = /[^,]*/y;

/** @param field its value; several fields joined with commas */
export function parseChallenges(field: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < field.length) {
    take(SPACE);
    const name = take(TOKEN)?.[0].toLowerCase();
    if (name === undefined) {
      // A separator, or something that is no challenge: go on after the next comma.
      take(REST);
      at += 1;
      continue;
    }
    take(SPACE);
    const current = challenges.at(-1);
    if (field[at] !== '=' || current === undefined) {
      challenges.push({ scheme: name, parameters: new Map() });
      continue;
    }
    at += 1;
    take(SPACE);
    const quoted = take(QUOTED)?.[1]?.replaceAll(/\\(.)/g, '$1');
    const value = quoted ?? take(TOKEN)?.[0] ?? '';
    if (!current.parameters.has(name)) current.parameters.set(name, value);
    take(REST);
  }
  return challenges;
}
