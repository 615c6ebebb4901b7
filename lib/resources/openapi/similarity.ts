/** How alike two names are, at a cost that allows ten thousand of them. */

const MAX_LENGTH = 60;

/** Share of the pairs of neighbouring letters that both names have (Dice), from 0 to 1; case does not matter. */
export function similarity(a: string, b: string): number {
  const [left, right] = [pairsOf(a), pairsOf(b)];
  if (left.length === 0 || right.length === 0) return 0;
  const counts = new Map<string, number>();
  for (const pair of left) counts.set(pair, (counts.get(pair) ?? 0) + 1);
  let shared = 0;
  for (const pair of right) {
    const count = counts.get(pair) ?? 0;
    if (count === 0) continue;
    counts.set(pair, count - 1);
    shared += 1;
  }
  return (2 * shared) / (left.length + right.length);
}

function pairsOf(text: string): string[] {
  const letters = text.slice(0, MAX_LENGTH).toLowerCase();
  return Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2));
}
