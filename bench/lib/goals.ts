/** The goals of a benchmark: which figure, of whom, and how far it must come. */

/** How a figure is judged. */
export type Goal =
  /** Of Vespid's figure by the baseline's. */
  | { kind: 'ratio'; atLeast: number }
  | { kind: 'ratio'; atMost: number }
  /** Of Vespid's figure itself. */
  | { kind: 'absolute'; atLeast: number }
  | { kind: 'absolute'; atMost: number };

/** A line of the table. */
export interface Line {
  name: string;
  unit: string;
  digits: number;
  /** NaN where there is none. */
  baseline: number;
  vespid: number;
  goal?: Goal;
}

/** `1.6` as `≥ 1.60 ×`, or with the figure's own unit. */
export function goalText(goal: Goal, { unit, digits }: Pick<Line, 'unit' | 'digits'>): string {
  const [sign, bound] = 'atLeast' in goal ? ['≥', goal.atLeast] : ['≤', goal.atMost];
  return goal.kind === 'ratio' ? `${sign} ${bound.toFixed(2)} ×` : `${sign} ${bound.toFixed(digits)} ${unit}`;
}

/** Whether a line's goal is met; null where it has none. A figure that is missing meets nothing. */
export function isMet({ baseline, vespid, goal }: Line): boolean | null {
  if (goal === undefined) return null;
  const value = goal.kind === 'ratio' ? vespid / baseline : vespid;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}
