/** What a checkpoint writes: what has changed, and nothing else, however long the run is. */
import { describe, expect, it } from 'vitest';
import { TreeWriter, type WrittenTree } from '../../../lib/engine/parts.ts';
import { hasParts, readTree } from '../../../lib/engine/read-tree.ts';
import { newProgress } from '../../../lib/engine/tree.ts';
import type { Json, ListProgress, Progress } from '../../../lib/engine/types.ts';
import { FakePorts } from '../../support/engine-ports.ts';
import { run } from '../../support/engine-run.ts';

const MAX_BYTES = 4 << 20;
const LARGE = 'x'.repeat(5000);

/** The rows of a run. */
class Rows {
  root: Json = null;
  readonly parts = new Map<number, Json>();

  apply(tree: WrittenTree | null): WrittenTree {
    if (tree === null) throw new Error('too large');
    this.root = JSON.parse(tree.rootText) as Json;
    for (const { id, text } of tree.written) this.parts.set(id, JSON.parse(text) as Json);
    for (const id of tree.dropped) this.parts.delete(id);
    return tree;
  }

  read() {
    const read = readTree(JSON.parse(JSON.stringify(this.root)) as Json, this.parts, MAX_BYTES);
    if (read === null) throw new Error('cannot be read');
    return read;
  }
}

const withList = (list: Partial<ListProgress>): Progress => ({
  ...newProgress(),
  root: { at: 0, data: null, ...list },
});
const bytesOf = ({ rootText, written }: WrittenTree): number =>
  rootText.length + written.reduce((sum, { text }) => sum + text.length, 0);

/** Bytes of each checkpoint of a workflow, in order. */
async function checkpoints(workflow: string, input: Json): Promise<number[]> {
  const progress = newProgress();
  const writer = new TreeWriter(progress, MAX_BYTES);
  const rows = new Rows();
  const ports = new FakePorts();
  const sizes: number[] = [];
  ports.changed = (branch) => writer.changed(branch);
  ports.onMoment = (moment) => {
    if (moment === 'recorded') sizes.push(bytesOf(rows.apply(writer.write(2))));
  };
  const { outcome } = await run(workflow, { ports, progress, input });
  expect(outcome.kind).toBe('succeeded');
  return sizes;
}

describe('a checkpoint', () => {
  it('costs the same at iteration 5,000 of a loop over 5,000 elements as at iteration 10', async () => {
    const input = Array.from({ length: 5000 }, (_item, index) => ({ id: index, name: `element ${index}` }));
    const workflow = `
do:
  - loop:
      for: { in: '\${ . }' }
      do:
        - step: { call: fake, with: { id: '\${ $item.id }' }, output: { as: '\${ .id }' } }
`;
    const sizes = await checkpoints(workflow, input);
    expect(sizes).toHaveLength(5000);
    expect(sizes[4999]).toBeLessThan((sizes[9] ?? 0) * 1.1);
    expect(Math.max(...sizes.slice(1))).toBeLessThan(1000);
  });

  it('costs the same in a fork of 1,000 branches as in one of 10', async () => {
    const fork = (count: number): string =>
      JSON.stringify({
        do: [
          {
            all: {
              fork: {
                branches: Array.from({ length: count }, (_item, index) => ({
                  [`b${1000 + index}`]: {
                    do: [{ one: { call: 'fake', with: 1 } }, { two: { call: 'fake', with: 2 } }],
                  },
                })),
              },
            },
          },
        ],
      });
    // The branches are written once, when they begin; then each step writes its own.
    const perStep = (sizes: number[], count: number): number =>
      sizes.reduce((sum, size) => sum + size, 0) / count;
    const small = perStep(await checkpoints(fork(10), 'input'), 20);
    const large = perStep(await checkpoints(fork(1000), 'input'), 2000);
    expect(large).toBeLessThan(small * 1.1);
  });

  it('writes a large value once, however many refer to it, and drops it when nobody does', () => {
    const value = { text: LARGE };
    const branches = [
      { context: null, list: { at: 0, data: value } },
      { context: value, list: { at: 0, data: LARGE } },
    ];
    const list: ListProgress = {
      at: 0,
      data: value,
      task: { startedAtMs: 1, input: value, body: { branches } },
    };
    const progress = withList(list);
    const writer = new TreeWriter(progress, MAX_BYTES);
    const rows = new Rows();
    const first = rows.apply(writer.write(2));
    expect(first.written.filter(({ text }) => text.length > 5000)).toHaveLength(2);
    expect(hasParts(rows.root)).toBe(true);
    expect(rows.read().progress).toEqual(progress);

    const second = rows.apply(writer.write(2));
    expect(second.written).toEqual([]);
    expect(second.rootText.length).toBeLessThan(300);

    progress.root = { at: 1, data: LARGE };
    const third = rows.apply(writer.write(2));
    expect(third.written).toEqual([]);
    expect([...rows.parts.values()]).toEqual([LARGE]);
    expect(rows.read().progress).toEqual(progress);

    progress.root = { at: 2, data: value };
    rows.apply(writer.write(2));
    expect([...rows.parts.values()]).toEqual([value]);
  });

  it('writes the branches that have changed, and forgets those of a fork that is over', () => {
    const inner = [{ context: null, list: { at: 0, data: 1 } }];
    const outer = [
      { context: null, list: { at: 0, data: 1 } as ListProgress },
      { context: null, list: { at: 0, data: 2 } as ListProgress },
    ];
    const progress = withList({ task: { startedAtMs: 1, body: { branches: outer } } });
    const rows = new Rows();
    const writer = new TreeWriter(progress, MAX_BYTES);
    rows.apply(writer.write(2));
    expect(rows.parts.size).toBe(2);

    const [left, right] = outer;
    if (left === undefined || right === undefined) throw new Error('no branches');
    left.list.data = 3;
    right.list.task = { startedAtMs: 2, body: { branches: inner } };
    writer.changed(right);
    expect(rows.apply(writer.write(2)).written).toHaveLength(2);
    expect(rows.parts.size).toBe(3);
    writer.changed(left);
    expect(rows.apply(writer.write(2)).written).toHaveLength(1);
    expect(rows.read().progress).toEqual(progress);

    delete right.list.task;
    writer.changed(right);
    rows.apply(writer.write(2));
    expect(rows.parts.size).toBe(2);
    progress.root = { at: 1, data: [3, 2] };
    rows.apply(writer.write(2));
    expect(rows.parts.size).toBe(0);
  });

  it('goes on after a restart with what is stored, and writes only what changes', () => {
    const branches = [{ context: null, list: { at: 0, data: { text: LARGE } } }];
    const rows = new Rows();
    const before = withList({ task: { startedAtMs: 1, body: { branches } } });
    rows.apply(new TreeWriter(before, MAX_BYTES).write(2));
    const { progress, writer } = rows.read();
    expect(rows.apply(writer.write(2)).written).toEqual([]);
    progress.root = { at: 1, data: null };
    rows.apply(writer.write(2));
    expect(rows.parts.size).toBe(0);
  });

  it('is one text without parts in format 1, and can go from one format to the other', () => {
    const progress = withList({
      data: LARGE,
      task: { startedAtMs: 1, body: { branches: [{ context: null, list: { at: 0, data: 1 } }] } },
    });
    const rows = new Rows();
    const writer = new TreeWriter(progress, MAX_BYTES);
    rows.apply(writer.write(2));
    expect(rows.parts.size).toBe(2);
    rows.apply(writer.write(1));
    expect(rows.parts.size).toBe(0);
    expect(rows.root).toEqual({ format: 1, revision: 2, ...progress });
    expect(rows.read().progress).toEqual(progress);
    rows.apply(writer.write(2));
    expect(rows.parts.size).toBe(2);
    expect(rows.read().progress).toEqual(progress);
  });

  it('is refused beyond the limit of the state as a whole', () => {
    const data = (count: number): Json => Array.from({ length: count }, () => LARGE);
    const writer = new TreeWriter(
      withList({ data: data(3), task: { startedAtMs: 1, input: data(3) } }),
      31_000,
    );
    expect(writer.write(2)).not.toBeNull();
    const larger = new TreeWriter(
      withList({ data: data(3), task: { startedAtMs: 1, input: data(4) } }),
      31_000,
    );
    expect(larger.write(2)).toBeNull();
    expect(larger.write(1)).toBeNull();
  });
});

describe('reading a stored tree', () => {
  it('refuses a format that is not known, a part that is missing, and what is no tree', () => {
    expect(readTree({ format: 3, root: null }, new Map(), MAX_BYTES)).toBeNull();
    expect(readTree({ root: null }, new Map(), MAX_BYTES)).toBeNull();
    expect(readTree('text', new Map(), MAX_BYTES)).toBeNull();
    const root = { format: 2, next: 2, steps: 1, context: null, root: { at: 0, 'data@': 1 } };
    expect(readTree(root, new Map(), MAX_BYTES)).toBeNull();
    expect(readTree(root, new Map([[1, 7]]), MAX_BYTES)?.progress.root).toEqual({ at: 0, data: 7 });
  });

  it('takes keys of values for values, whatever they are', () => {
    const data = { 'data@': 1, branches: [1], __proto__: { a: 1 }, 'x@': [1, 2] } as Json;
    const progress = withList({ data });
    const rows = new Rows();
    rows.apply(new TreeWriter(progress, MAX_BYTES).write(2));
    expect(rows.read().progress).toEqual(progress);
  });
});
