/** Something that `migrate:check` refuses. */
export interface Problem {
  /** Path from the project's root, or from the folder that is checked. */
  file: string;
  /** Counted from 1; absent when the problem is the file itself. */
  line?: number;
  /** What is wrong, and what would be right. */
  message: string;
}

/** Line (from 1) where the last of `needles` stands, each searched behind the one before; undefined if one is missing. */
export function lineOf(text: string, ...needles: string[]): number | undefined {
  let at = 0;
  for (const needle of needles) {
    at = text.indexOf(needle, at);
    if (at === -1) return undefined;
  }
  return text.slice(0, at).split('\n').length;
}

/** A problem with its line where one is known. */
export function problemAt(file: string, line: number | undefined, message: string): Problem {
  return line === undefined ? { file, message } : { file, line, message };
}
