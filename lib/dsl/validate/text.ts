/** Words for messages: names in backquotes, cut to a sane length, and the nearest of several names. */

const MAX_SHOWN_LENGTH = 60;
const MAX_SHOWN_NAMES = 10;

/** A name or a piece of the definition as it stands in a message. */
export function shown(text: string): string {
  const short = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
  // Control characters and lone surrogates would spoil a terminal or a log.
  return `\`${short.replace(/[\p{Cc}\p{Surrogate}]/gu, '\uFFFD')}\``;
}

/** "`a`, `b` and `c`", or "`a`, `b`, … (12 in all)" when there are many. */
export function listed(names: Iterable<string>, lastWord: 'and' | 'or' = 'and'): string {
  const all = [...names];
  if (all.length > MAX_SHOWN_NAMES) {
    return `${all.slice(0, MAX_SHOWN_NAMES).map(shown).join(', ')}, … (${all.length} in all)`;
  }
  const last = all.at(-1);
  if (last === undefined) return 'none';
  if (all.length === 1) return shown(last);
  return `${all.slice(0, -1).map(shown).join(', ')} ${lastWord} ${shown(last)}`;
}

/** "; did you mean `x`?" when one of `names` is close to `name`, else nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const near = nearest(name, names);
  return near === null ? '' : `; did you mean ${shown(near)}?`;
}

/** The closest of `names`: equal but for case, or at most a third of its letters (at least one) apart. */
function nearest(name: string, names: Iterable<string>): string | null {
  if (name.length > 40) return null;
  let best: string | null = null;
  let bestDistance = Infinity;
  let tried = 0;
  for (const candidate of names) {
    if (++tried > 200) break;
    if (candidate === name || Math.abs(candidate.length - name.length) > 3) continue;
    const same = candidate.toLowerCase() === name.toLowerCase();
    const distance = same ? 0 : editDistance(name, candidate);
    if (distance < bestDistance && distance <= Math.min(3, Math.max(1, Math.floor(candidate.length / 3)))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let previous: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const beforePrevious = previous;
    previous = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + substitution,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforePrevious[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
  }
  return row[b.length] ?? Infinity;
}
