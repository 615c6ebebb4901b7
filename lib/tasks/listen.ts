/**
 * `listen`: waits for events without holding a worker slot (dsl-reference, Listen). The output is the array of the
 * events that were consumed, as `read` says, or of what `foreach` makes of each.
 *
 * 1. Whatever passes the filters that are registered is collected, from then on and in order; the run looks at each
 *    once more and consumes it or not. What was collected is forgotten when the result is recorded.
 * 2. An event counts once: for `until` first, then for the first filter that takes it.
 * 3. That events are listened for is recorded before, so that the end of the run removes the listener.
 * 4. When the task is cut off, its listener goes. That it is to go is recorded before; should the run go on here after
 *    all, it listens anew.
 */
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import { newList } from '../engine/tree.ts';
import type { CloudEvent, ListProgress } from '../engine/types.ts';
import { NEVER_MS, Unwind } from '../engine/unwind.ts';
import { collect, Consumed } from './events/consumed.ts';
import { readEvent, type ReadAs } from './events/data.ts';
import { compileForeach, runIteration, type Foreach } from './events/foreach.ts';
import { append, itemsOf, type GrowingList } from './events/growing-list.ts';
import { expectationsOf, listenFilter } from './events/run-filter.ts';
import { compileStrategy, isMet, take, type Strategy, type Taken } from './events/strategy.ts';
import type { CompileContext, Expression, Json, JsonObject, TaskModule, TaskProgress } from './types.ts';

interface Listen {
  to: Strategy;
  /** Until a condition on the events so far holds; `null` in it: it never does. */
  untilCondition: { expression: Expression | null } | null;
  /** Until other events have come. */
  untilEvents: Strategy | null;
  read: ReadAs;
  foreach: Foreach | null;
  /** The events are needed after they were consumed. */
  keeps: boolean;
}

/** The shape of the node's `body`, written only here. */
type ListenState = {
  /** What correlations expect, by filter of `to` and then of `until`. */
  value: Json[];
  /** The last event that was looked at. */
  seq: number;
  /** Filters of `to`, and of `until`, that have an event. */
  met: number[];
  ending: number[];
  /** How many were consumed, and which. */
  count: number;
  picked: GrowingList;
  /** What `foreach` has made of them. */
  outputs: GrowingList;
  /** While `foreach` is at work on the last one: the event as it is read, and where it stands. */
  data?: Json;
  list?: ListProgress;
  /** `until` is still to be asked about the last one. */
  unasked?: true;
  /** The port knows of it. */
  listening?: true;
  /** The timeline says that it waits. */
  told?: true;
  /** The listener is to be removed. */
  cut?: true;
};

export const listenTask: TaskModule = {
  kind: 'listen',
  matches: (node) => Object.hasOwn(node, 'listen'),
  compile(node, context) {
    const compiled = compileListen(node, context);
    return {
      durable: true,
      run: (frame, input, node) => run(compiled, frame, input, node),
      inside(state) {
        const { list } = state as ListenState;
        const { foreach } = compiled;
        if (list === undefined || foreach === null) return [];
        return [{ name: 'foreach.do', list: foreach.list, node: list }];
      },
      // What was collected was the other run's. What `foreach` has made of it stays.
      forget(node) {
        const state = node.body as ListenState | undefined;
        if (state === undefined) return;
        if (compiled.foreach === null) delete node.body;
        else node.body = { ...state, seq: 0, picked: {} } satisfies ListenState;
        for (const key of ['listening', 'told', 'cut']) delete node.body?.[key];
      },
    };
  },
};

function compileListen(node: JsonObject, context: CompileContext): Listen {
  const to = member(node['listen'], 'to') ?? null;
  const until = member(to, 'until');
  const read = member(node['listen'], 'read');
  const foreach = node['foreach'];
  const condition = typeof until === 'string' ? context.expression(until) : null;
  // Said of listeners without an end; there is no need to keep events for it.
  const isNever = condition !== null && ['false', 'null'].includes(condition.source.trim());
  return {
    to: compileStrategy(to, context),
    untilCondition: condition === null ? null : { expression: isNever ? null : condition },
    untilEvents: until === undefined || condition !== null ? null : compileStrategy(until, context),
    read: read === 'envelope' || read === 'raw' ? read : 'data',
    foreach: foreach === undefined ? null : compileForeach(foreach, context),
    keeps: foreach === undefined || (condition !== null && !isNever),
  };
}

/** What an execution remembers beyond the tree: the events themselves, by their task's state. */
const memory = new WeakMap<ListenState, Consumed>();

async function run(self: Listen, frame: Frame, input: Json, node: TaskProgress): Promise<Json> {
  if (node.result === undefined) {
    if ((node.body as ListenState | undefined)?.cut === true) await abandon(frame, node);
    if (node.body === undefined) {
      frame.bounds.check();
      node.body = begin(self, frame, input);
    }
    const state = node.body as ListenState;
    try {
      if (state.listening !== true) await register(self, frame, state);
      while (!(await isOver(self, frame, state))) await consumeSome(self, frame, state);
      const value = self.foreach === null ? (await kept(self, frame, state)).items : itemsOf(state.outputs);
      node.result = { value };
    } catch (error) {
      if (isCut(error)) await abandon(frame, node);
      throw error;
    }
    delete node.body;
    frame.record();
  }
  await close(frame);
  return node.result.value;
}

function begin({ to, untilEvents }: Listen, frame: Frame, input: Json): ListenState {
  const filters = [...to.filters, ...(untilEvents?.filters ?? [])];
  const value = expectationsOf(filters, frame, input);
  return { value, seq: 0, met: [], ending: [], count: 0, picked: {}, outputs: {} };
}

async function register({ to, untilEvents }: Listen, frame: Frame, state: ListenState): Promise<void> {
  const { run, ports, bounds } = frame;
  run.progress.listeners = true;
  frame.record();
  await run.interruptible(ports.recorded(), bounds);
  run.wake();
  bounds.check();
  const filters = [...to.filters, ...(untilEvents?.filters ?? [])].map((filter, index) =>
    listenFilter(filter, state.value[index], frame),
  );
  await run.interruptible(ports.events.listen(frame.idempotencyKey, filters), bounds);
  state.listening = true;
  frame.changed();
  bounds.check();
  run.wake();
}

/** Finishes what is under way with the last event; then, whether there is anything more to wait for. */
async function isOver(self: Listen, frame: Frame, state: ListenState): Promise<boolean> {
  await iterate(self, frame, state);
  if (state.unasked === true && (await isEnough(self, frame, state))) return true;
  delete state.unasked;
  if (self.untilCondition !== null) return false;
  return self.untilEvents === null ? isMet(self.to, state.met) : isMet(self.untilEvents, state.ending);
}

/** The tasks of `foreach`, for the last event. */
async function iterate({ foreach }: Listen, frame: Frame, state: ListenState): Promise<void> {
  if (foreach === null || state.list === undefined) return;
  const iteration = { index: state.count - 1, item: state.data ?? null, node: state.list };
  const { output, context } = await runIteration(foreach, frame, iteration);
  append(state.outputs, output);
  if (context !== undefined) frame.place.holder.context = context;
  delete state.list;
  delete state.data;
  frame.changed();
}

/** `until`, as a condition. */
async function isEnough(self: Listen, frame: Frame, state: ListenState): Promise<boolean> {
  const expression = self.untilCondition?.expression ?? null;
  if (expression === null) return false;
  const { items } = await kept(self, frame, state);
  const turn = frame.run.breathe();
  if (turn !== undefined) await turn;
  return frame.test(expression, items);
}

/** Looks at what was collected since, as far as that is wanted. @throws {Unwind} parked, when it is nothing */
async function consumeSome(self: Listen, frame: Frame, state: ListenState): Promise<void> {
  const batch = await collect(frame, state.seq);
  if (batch.length === 0) throw waiting(frame, state);
  for (const { seq, event } of batch) {
    const turn = frame.run.turn();
    if (turn !== undefined) await turn;
    frame.bounds.check();
    await offer(self, frame, state, seq, event);
    if (await isOver(self, frame, state)) return;
  }
}

/** Consumes an event, or passes over it. */
async function offer(
  self: Listen,
  frame: Frame,
  state: ListenState,
  seq: number,
  event: CloudEvent,
): Promise<void> {
  const { to, untilEvents } = self;
  const [first, rest] = [state.value.slice(0, to.filters.length), state.value.slice(to.filters.length)];
  const ends = untilEvents === null ? null : await take(untilEvents, event, state.ending, rest, frame);
  const taken = ends === null ? await take(to, event, state.met, first, frame) : null;
  const consumed = taken !== null && self.keeps ? await kept(self, frame, state) : null;
  consumed?.add(event, frame);
  // From here on in one go.
  state.seq = seq;
  if (untilEvents !== null && ends !== null) note(untilEvents, state.ending, ends, frame);
  if (taken !== null) {
    note(to, state.met, taken, frame);
    state.count += 1;
    if (self.keeps) append(state.picked, seq);
    if (self.untilCondition !== null) state.unasked = true;
    if (self.foreach !== null) {
      state.data = readEvent(event, self.read);
      state.list = newList(self.foreach.list, state.data);
    }
  }
  frame.changed();
}

/** A filter has an event, and its correlations may have found what is expected for the rest of the run. */
function note({ all }: Strategy, met: number[], { filter, found }: Taken, frame: Frame): void {
  if (all || met.length === 0) met.push(filter);
  const { progress } = frame.run;
  if (Object.keys(found).length > 0) progress.correlations = { ...progress.correlations, ...found };
}

/** The events that were consumed. */
async function kept({ read }: Listen, frame: Frame, state: ListenState): Promise<Consumed> {
  const known = memory.get(state);
  if (known !== undefined) return known;
  const consumed = await Consumed.load(read, frame, itemsOf(state.picked).map(Number));
  memory.set(state, consumed);
  return consumed;
}

/** Until an event that is collected signals the run. */
function waiting(frame: Frame, state: ListenState): Unwind {
  if (state.told !== true) frame.report('task_waiting');
  state.told = true;
  return frame.park(NEVER_MS);
}

/** Removes the listener once the result is recorded. */
async function close(frame: Frame): Promise<void> {
  const { run, ports, bounds } = frame;
  await run.interruptible(ports.recorded(), bounds);
  run.wake();
  await run.interruptible(ports.events.close(frame.idempotencyKey), bounds);
  run.wake();
}

/** Removes the listener of a task that is cut off, unless the run has a new owner, who may have other plans. */
async function abandon(frame: Frame, node: TaskProgress): Promise<void> {
  const { ports } = frame;
  const state = node.body as ListenState;
  state.cut = true;
  frame.record();
  await ports.recorded();
  const stop = ports.interruption();
  if (stop === 'lost' || stop === 'cancelled') throw new Unwind({ kind: 'interrupted', reason: stop });
  await ports.events.close(frame.idempotencyKey);
  delete node.body;
}

const isCut = (error: unknown): boolean => error instanceof Unwind && error.reason.kind === 'cut';
