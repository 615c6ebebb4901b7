/** Folds: `reduce` and `foreach`. */
import type { Json } from './json.ts';
import type { Continuation, Direct, Each, Environment, Machine, Node, Path, Step } from './machine.ts';
import type { StartAccumulator } from './node-accumulate.ts';
import { eachBinding, singleDirect } from './node-bind.ts';
import type { Binder } from './node-pattern.ts';
import { eachValue, heightOfChain, makeNode } from './node.ts';

/** Folds the whole source, from one initial state. */
type Fold = (
  machine: Machine,
  start: Json,
  input: Json,
  path: Path | null,
  env: Environment | null,
  next: Continuation,
) => void;

/** One fold for each output of `initial`. */
function fromEach(initial: Node, fold: Fold): Step {
  return (machine, input, path, env, next) => {
    eachValue(machine, initial, input, env, next, (start) => fold(machine, start, input, path, env, next));
  };
}

function reduceDirect(
  source: Each,
  bound: NonNullable<Binder['direct']>,
  initial: Direct,
  start: StartAccumulator,
): Direct {
  return (machine, input, env) => {
    const first = initial(machine, input, env);
    if (first === undefined) return undefined;
    const state = start(machine, first);
    source(machine, input, env, (value) => {
      const inner = bound(machine, value, env);
      if (inner !== undefined) state.step(inner);
      return false;
    });
    return state.value();
  };
}

/** An accumulator that evaluates the update each time. */
function replacing(update: Direct): StartAccumulator {
  return (machine, initial) => {
    let state = initial;
    return {
      step: (environment) => {
        state = update(machine, state, environment) ?? null;
      },
      value: () => state,
    };
  };
}

/**
 * `reduce source as patterns (initial; update)`; the last output of an update counts, none makes null.
 * An accumulator does the same as the update, faster.
 */
export function reduce(
  source: Node,
  binders: readonly Binder[],
  initial: Node,
  update: Node,
  accumulator: StartAccumulator | null,
): Node {
  const direct = singleDirect(binders);
  const fold: Fold = (machine, start, input, path, env, next) => {
    let state = start;
    machine.fork(() => machine.deliver(next, state, path));
    const onState = machine.onOutput(next, (value) => {
      state = value;
      machine.fail();
    });
    const onValue = machine.onOutput(next, (value) =>
      eachBinding(machine, binders, value, env, (bound) => {
        const before = state;
        state = null;
        update.step(machine, before, null, bound, onState);
      }),
    );
    source.step(machine, input, null, env, onValue);
  };
  return makeNode({
    direct:
      direct === null || source.each === null || initial.direct === null || update.direct === null
        ? null
        : reduceDirect(source.each, direct, initial.direct, accumulator ?? replacing(update.direct)),
    step: fromEach(initial, fold),
    height: heightOfChain(source, initial, update),
  });
}

function foreachEach(
  source: Each,
  bound: NonNullable<Binder['direct']>,
  initial: Direct,
  update: Direct,
  extract: Each,
): Each {
  return (machine, input, env, emit) => {
    const start = initial(machine, input, env);
    if (start === undefined) return false;
    let state: Json = start;
    return source(machine, input, env, (value) => {
      const inner = bound(machine, value, env);
      if (inner === undefined) return false;
      const after = update(machine, state, inner);
      state = after ?? null;
      return after !== undefined && extract(machine, after, inner, emit);
    });
  };
}

/** `foreach source as patterns (initial; update; extract)` */
export function foreach(
  source: Node,
  binders: readonly Binder[],
  initial: Node,
  update: Node,
  extract: Node,
): Node {
  const direct = singleDirect(binders);
  const fold: Fold = (machine, start, input, path, env, next) => {
    let state = start;
    const onValue = machine.onOutput(next, (item, at) =>
      eachBinding(machine, binders, item, env, (bound) => {
        const before = state;
        state = null;
        const onState = machine.onOutput(next, (value, where) => {
          state = value;
          extract.step(machine, value, where, bound, next);
        });
        update.step(machine, before, at, bound, onState);
      }),
    );
    source.step(machine, input, path, env, onValue);
  };
  return makeNode({
    each:
      direct === null ||
      source.each === null ||
      initial.direct === null ||
      update.direct === null ||
      extract.each === null
        ? null
        : foreachEach(source.each, direct, initial.direct, update.direct, extract.each),
    step: fromEach(initial, fold),
    height: heightOfChain(source, initial, update, extract),
  });
}
