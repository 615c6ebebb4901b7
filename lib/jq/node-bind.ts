/** Variables and folds: `as`, destructuring with `?//`, `reduce` and `foreach`. */
import type { Json } from './json.ts';
import { HEADER_BYTES } from './limits.ts';
import type { Continuation, Direct, Each, Machine, Node, Path } from './machine.ts';
import { Environment } from './machine.ts';
import type { StartAccumulator } from './node-accumulate.ts';
import { eachValue, heightOfChain, makeNode } from './node.ts';
import { getIndex } from './paths.ts';

type Env = Environment | null;

/** One compiled pattern: every way to bind its variables to the parts of a value. */
export interface Binder {
  /** Set when there is one way at most. */
  readonly direct: ((machine: Machine, value: Json, env: Env) => Env | undefined) | null;
  readonly all: (machine: Machine, value: Json, env: Env) => Env[];
}

/** Reads the parts of a value: each found list holds the values of the variables in order. */
export type Extract = (machine: Machine, value: Json, env: Env) => Json[][];

/** `$name` alone. */
export const plainBinder: Binder = {
  direct: (_machine, value, env) => new Environment(env, value),
  all: (_machine, value, env) => [new Environment(env, value)],
};

/** A pattern that takes a value apart; `slots` places each found value among the variables bound together. */
export function patternBinder(
  extract: Extract,
  slots: readonly number[],
  variableCount: number,
  isSingle: boolean,
): Binder {
  const bindFound = (machine: Machine, found: readonly Json[], env: Env): Env => {
    const bound: Json[] = Array.from({ length: variableCount }, () => null);
    slots.forEach((slot, at) => (bound[slot] = found[at] ?? null));
    machine.meter.charge(HEADER_BYTES * variableCount);
    return bound.reduce<Env>((inner, item) => new Environment(inner, item), env);
  };
  const single: Binder['direct'] = (machine, value, env) => {
    const [found] = extract(machine, value, env);
    return found === undefined ? undefined : bindFound(machine, found, env);
  };
  return {
    direct: isSingle ? single : null,
    all: (machine, value, env) => extract(machine, value, env).map((found) => bindFound(machine, found, env)),
  };
}

/** A part of a pattern: what is read from the value, and what happens to it. */
export interface PatternPart {
  key: Node;
  /** Binds the part itself. */
  bindsSelf: boolean;
  inner: Extract | null;
}

/** Reads several parts of one value; keys may have several outputs. */
export function extractParts(parts: readonly PatternPart[]): Extract {
  return (machine, value, env) => {
    let found: Json[][] = [[]];
    for (const { key, bindsSelf, inner } of parts) {
      const readings: Json[][] = [];
      const read = (name: Json): false => {
        const part = getIndex(value, name, machine.meter);
        const nested = inner === null ? [[]] : inner(machine, part, env);
        for (const rest of nested) readings.push(bindsSelf ? [part, ...rest] : rest);
        machine.meter.charge(HEADER_BYTES * nested.length);
        return false;
      };
      if (key.each === null) machine.inner().run(key, value, env, read);
      else key.each(machine, value, env, read);
      found = found.flatMap((known) => readings.map((more) => [...known, ...more]));
      machine.meter.tick(found.length);
    }
    return found;
  };
}

/** A pattern that is a variable. */
export const extractSelf: Extract = (_machine, value) => [[value]];

/** Runs `use` for every way in which the patterns bind `value`; an error tries the next of several patterns. */
function eachBinding(
  machine: Machine,
  binders: readonly Binder[],
  value: Json,
  env: Env,
  use: (env: Env) => void,
) {
  const [only] = binders;
  if (binders.length === 1 && only !== undefined) {
    bindWith(machine, only, value, env, use);
    return;
  }
  const attempt = (at: number): void => {
    const binder = binders[at];
    if (binder === undefined) {
      machine.fail();
      return;
    }
    if (at + 1 < binders.length) {
      const onError = (): true => {
        machine.fork(() => attempt(at + 1));
        machine.fail();
        return true;
      };
      machine.fork(() => machine.fail(), onError);
    }
    bindWith(machine, binder, value, env, use);
  };
  attempt(0);
}

function bindWith(machine: Machine, binder: Binder, value: Json, env: Env, use: (env: Env) => void): void {
  if (binder.direct !== null) {
    const bound = binder.direct(machine, value, env);
    if (bound === undefined) machine.fail();
    else use(bound);
    return;
  }
  const ways = binder.all(machine, value, env);
  machine.alternatives(ways.length, (at) => use(ways[at] ?? null));
}

function singleDirect(binders: readonly Binder[]): Binder['direct'] {
  return binders.length === 1 ? (binders[0]?.direct ?? null) : null;
}

function bindDirect(source: Direct, bind: NonNullable<Binder['direct']>, body: Direct): Direct {
  return (machine, input, env) => {
    const value = source(machine, input, env);
    const bound = value === undefined ? undefined : bind(machine, value, env);
    return bound === undefined ? undefined : body(machine, input, bound);
  };
}

function bindEach(source: Each, bind: NonNullable<Binder['direct']>, body: Each): Each {
  return (machine, input, env, emit) =>
    source(machine, input, env, (value) => {
      const bound = bind(machine, value, env);
      return bound !== undefined && body(machine, input, bound, emit);
    });
}

/** `source as patterns | body` */
export function bind(source: Node, binders: readonly Binder[], body: Node): Node {
  const direct = singleDirect(binders);
  return makeNode({
    direct:
      direct === null || source.direct === null || body.direct === null
        ? null
        : bindDirect(source.direct, direct, body.direct),
    each:
      direct === null || source.each === null || body.each === null
        ? null
        : bindEach(source.each, direct, body.each),
    step: (machine, input, path, env, next) => {
      eachValue(machine, source, input, env, next, (value) =>
        eachBinding(machine, binders, value, env, (bound) => body.step(machine, input, path, bound, next)),
      );
    },
    height: heightOfChain(source, body),
    shares: source.shares && body.shares,
  });
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
  const fold = (
    machine: Machine,
    start: Json,
    input: Json,
    path: Path | null,
    env: Env,
    next: Continuation,
  ): void => {
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
    step: (machine, input, path, env, next) => {
      eachValue(machine, initial, input, env, next, (start) => fold(machine, start, input, path, env, next));
    },
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
  const fold = (
    machine: Machine,
    start: Json,
    input: Json,
    path: Path | null,
    env: Env,
    next: Continuation,
  ): void => {
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
    step: (machine, input, path, env, next) => {
      eachValue(machine, initial, input, env, next, (start) => fold(machine, start, input, path, env, next));
    },
    height: heightOfChain(source, initial, update, extract),
  });
}
