/** A stored tree is the live one, through any changes, restarts and formats; and nothing is stored that it does not need. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TreeWriter } from '../../../lib/engine/parts.ts';
import { readTree } from '../../../lib/engine/read-tree.ts';
import { newProgress } from '../../../lib/engine/tree.ts';
import type { Json, ListProgress, Progress } from '../../../lib/engine/types.ts';

const MAX_BYTES = 4 << 20;

interface Branch {
  context: Json;
  list: ListProgress;
}

/** Few values, so that several places have the same one; small and large, texts and others. */
const VALUES: readonly Json[] = [
  null,
  7,
  'short',
  'a'.repeat(5000),
  'b'.repeat(5000),
  { 'data@': 1, branches: [1] },
  { text: 'c'.repeat(5000) },
  ['d'.repeat(5000)],
];
/** A value read back is another object: both are used from then on. */
const valueOf = (choice: number): Json => {
  const value = VALUES[choice % VALUES.length] ?? null;
  return choice % 3 === 0 ? (JSON.parse(JSON.stringify(value)) as Json) : value;
};

const newBranch = (choice: number): Branch => ({
  context: valueOf(choice >> 3),
  list: { at: 0, data: valueOf(choice) },
});

/** All places at which a list stands: that of the root, and those of all branches, with the innermost branch around. */
function places(progress: Progress): { list: ListProgress; branch: Branch | null }[] {
  const found: { list: ListProgress; branch: Branch | null }[] = [];
  const walk = (list: ListProgress, branch: Branch | null): void => {
    found.push({ list, branch });
    for (const inner of (list.task?.body?.['branches'] ?? []) as Branch[]) walk(inner.list, inner);
  };
  if (progress.root !== null) walk(progress.root, null);
  return found;
}

type Step = [kind: number, place: number, choice: number];

/** One change, as the interpreter makes them: reported for the branch around. */
function change(progress: Progress, [kind, place, choice]: Step, report: (branch: object) => void): void {
  const all = places(progress);
  const { list, branch } = all[place % all.length] ?? { list: { at: 0, data: null }, branch: null };
  if (kind === 0) list.data = valueOf(choice);
  else if (kind === 1) list.task = { startedAtMs: 1, result: { value: valueOf(choice) } };
  else if (kind === 2)
    list.task = { startedAtMs: 1, input: valueOf(choice), body: { in: valueOf(choice >> 3), at: 1 } };
  else if (kind === 3) delete list.task;
  else if (kind === 4) {
    const branches = Array.from({ length: (choice % 3) + 1 }, (_branch, index) => newBranch(choice + index));
    list.task = { startedAtMs: 1, body: { branches } };
  } else if (branch === null) progress.context = valueOf(choice);
  else branch.context = valueOf(choice);
  if (branch !== null) report(branch);
}

/** The ids that stored texts refer to. */
function referred(texts: readonly string[]): number[] {
  const ids = new Set<number>();
  const walk = (value: Json, isValue: boolean): void => {
    if (isValue || typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [key, member] of Object.entries(value)) {
      if (key === 'branches@') {
        const [first = 0, count = 0] = member as number[];
        for (let id = first; id < first + count; id += 1) ids.add(id);
      } else if (key.endsWith('@')) ids.add(member as number);
      else walk(member, ['context', 'data', 'in', 'input', 'value'].includes(key));
    }
  };
  for (const text of texts) walk(JSON.parse(text) as Json, false);
  return [...ids].sort((a, b) => a - b);
}

class Stored {
  root = '';
  readonly parts = new Map<number, string>();

  write(writer: TreeWriter, format: number): void {
    const tree = writer.write(format);
    if (tree === null) throw new Error('too large');
    this.root = tree.rootText;
    for (const { id, text } of tree.written) this.parts.set(id, text);
    for (const id of tree.dropped) this.parts.delete(id);
  }

  read() {
    const bodies = new Map([...this.parts].map(([id, text]) => [id, JSON.parse(text) as Json]));
    const read = readTree(JSON.parse(this.root) as Json, bodies, MAX_BYTES);
    if (read === null) throw new Error('cannot be read');
    return read;
  }

  /** Parts that nothing refers to; a value may look like a reference, so the texts of values are left out. */
  unneeded(): number[] {
    const structures = [...this.parts.values()].filter((text) => text.startsWith('{"context'));
    const needed = referred([this.root, ...structures]);
    return [...this.parts.keys()].filter((id) => !needed.includes(id));
  }
}

const steps = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 20 }), fc.nat({ max: 63 })), {
  minLength: 1,
  maxLength: 40,
});

describe('any changes of a tree', () => {
  test('are in what is stored, which has no more than it needs', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const stored = new Stored();
        let progress: Progress = { ...newProgress(), root: { at: 0, data: null } };
        let writer = new TreeWriter(progress, MAX_BYTES);
        for (const step of all) {
          const [kind, place] = step;
          if (kind < 6) {
            change(progress, step, (branch) => writer.changed(branch));
            if (place % 2 === 0) continue;
          }
          // Now and then as one text, and now and then with a restart after it.
          stored.write(writer, kind === 7 && place % 5 === 0 ? 1 : 2);
          const read = stored.read();
          expect(read.progress).toEqual(progress);
          expect(stored.unneeded()).toEqual([]);
          if (kind === 6) ({ progress, writer } = read);
        }
      }),
      { numRuns: 2000, seed: 20_261_125 },
    );
  });
});
