/** Kills a run at every moment it can be killed at, and takes it up again from what was in the tree then. */
import { expect } from 'vitest';
import type { TreeWriter } from '../../lib/engine/parts.ts';
import { readTree } from '../../lib/engine/read-tree.ts';
import { newProgress } from '../../lib/engine/tree.ts';
import type { CloudEvent, Json, Outcome, Progress } from '../../lib/engine/types.ts';
import { FakePorts, type Moment } from './engine-ports.ts';
import type { FakeEvents } from './fake-events.ts';
import { arrive, run, type Setup } from './engine-run.ts';

/** What outlives a process: the rows, the clock, and what the world saw. */
interface Survivor {
  moment: Moment | 'outcome';
  /** The stored tree. */
  progress: string;
  parts: [number, string][];
  clockMs: number;
  executed: string[];
  story: string[];
  /** Events, and who listens. */
  events: FakeEvents['world'];
}

const MAX_BYTES = 4 << 20;

interface Ending {
  outcome: Outcome;
  executed: string[];
  story: string[];
  progress: Progress;
  events: FakeEvents['world'];
  survivors: Survivor[];
}

const begin = (arriving: CloudEvent[] = []): Survivor => ({
  moment: 'outcome',
  progress: JSON.stringify({ format: 1, ...newProgress() }),
  parts: [],
  clockMs: Date.UTC(2026, 0, 1),
  executed: [],
  story: [],
  events: { events: [], listeners: [], closed: [], arriving, seq: 0 },
});

/** Reads a tree, and stores it as it changes, in the way of the worker: the root, and the parts that have changed. */
export class Store {
  root: string;
  readonly parts: Map<number, string>;
  progress: Progress;
  #writer: TreeWriter;

  constructor({ progress, parts }: Pick<Survivor, 'progress' | 'parts'>) {
    this.root = progress;
    this.parts = new Map(parts);
    ({ progress: this.progress, writer: this.#writer } = this.#read());
  }

  changed(branch: object): void {
    this.#writer.changed(branch);
  }

  write(): void {
    const tree = this.#writer.write(2);
    if (tree === null) throw new Error('the tree is too large');
    this.root = tree.rootText;
    for (const { id, text } of tree.written) this.parts.set(id, text);
    for (const id of tree.dropped) this.parts.delete(id);
  }

  /** As after a restart. */
  reopen(): void {
    ({ progress: this.progress, writer: this.#writer } = this.#read());
  }

  #read(): { progress: Progress; writer: TreeWriter } {
    const bodies = new Map([...this.parts].map(([id, text]) => [id, JSON.parse(text) as Json]));
    const tree = readTree(JSON.parse(this.root) as Json, bodies, MAX_BYTES);
    if (tree === null) throw new Error(`the stored tree cannot be read: ${this.root}`);
    return tree;
  }
}

/** Runs to the end from a survivor, through timers and run-level retries, with a fresh engine each time. */
async function finishFrom(workflow: string | Json, from: Survivor, setup: Setup): Promise<Ending> {
  const ports = new FakePorts();
  ports.clockMs = from.clockMs;
  ports.monotonicStepMs = 3;
  ports.events.world = structuredClone(from.events);
  const executed = [...from.executed];
  const survivors: Survivor[] = [];
  const store = new Store(from);
  ports.changed = (branch) => store.changed(branch);
  const keep = (moment: Survivor['moment']) => {
    store.write();
    survivors.push({
      moment,
      progress: store.root,
      parts: [...store.parts],
      clockMs: ports.clockMs,
      executed: [...executed],
      story: [...from.story, ...ports.story],
      events: structuredClone(ports.events.world),
    });
  };
  ports.onMoment = keep;
  for (let count = 0; count < 100; count += 1) {
    const { outcome } = await run(workflow, {
      ...setup,
      ports,
      executed,
      progress: store.progress,
      startedAtMs: begin().clockMs,
    });
    if (outcome.kind === 'parked') arrive(ports, outcome.untilMs);
    else if (outcome.kind !== 'failed' || !outcome.retryable) {
      const { progress } = store;
      const { world } = ports.events;
      return {
        outcome,
        executed,
        story: [...from.story, ...ports.story],
        progress,
        events: world,
        survivors,
      };
    }
    keep('outcome');
    store.reopen();
  }
  throw new Error('still not over after 100 executions');
}

/**
 * Runs a workflow once undisturbed, then again from every moment at which the process may die. Each time the end,
 * the tree, the timeline and the side effects must be the same, and no recorded side effect runs again.
 */
export async function expectSameFromEveryMoment(
  workflow: string | Json,
  setup: Setup = {},
  arriving: CloudEvent[] = [],
): Promise<Ending> {
  const whole = await finishFrom(workflow, begin(arriving), setup);
  for (const survivor of whole.survivors) {
    const resumed = await finishFrom(workflow, survivor, setup);
    const told = { moment: survivor.moment, progress: survivor.progress };
    expect({ ...told, outcome: resumed.outcome }).toEqual({ ...told, outcome: whole.outcome });
    expect({ ...told, executed: resumed.executed }).toEqual({ ...told, executed: whole.executed });
    expect({ ...told, story: resumed.story }).toEqual({ ...told, story: whole.story });
    expect({ ...told, end: resumed.progress }).toEqual({ ...told, end: whole.progress });
    expect({ ...told, events: resumed.events }).toEqual({ ...told, events: whole.events });
  }
  return whole;
}

/** Of a run with branches, which has many more moments. */
const MAX_DEATHS = 20;

/**
 * As `expectSameFromEveryMoment` for branches that run at the same time. What was under way in one of them when the
 * process died may run again, and their order is free; but the end and the set of side effects are the same.
 */
export async function expectSameEndFromEveryMoment(
  workflow: string | Json,
  setup: Setup = {},
  arriving: CloudEvent[] = [],
): Promise<Ending> {
  const whole = await finishFrom(workflow, begin(arriving), setup);
  const keys = (executed: string[]): string[] => [...new Set(executed)].sort();
  const step = Math.ceil(whole.survivors.length / MAX_DEATHS);
  for (const survivor of whole.survivors.filter((_survivor, index) => index % step === 0)) {
    const resumed = await finishFrom(workflow, survivor, setup);
    const told = { moment: survivor.moment, progress: survivor.progress };
    expect({ ...told, outcome: resumed.outcome }).toEqual({ ...told, outcome: whole.outcome });
    expect({ ...told, executed: keys(resumed.executed) }).toEqual({
      ...told,
      executed: keys(whole.executed),
    });
    expect({ ...told, end: resumed.progress.root }).toEqual({ ...told, end: whole.progress.root });
    const { listeners } = resumed.events;
    expect({ ...told, listeners }).toEqual({ ...told, listeners: whole.events.listeners });
  }
  return whole;
}
