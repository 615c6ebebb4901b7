/** Nodes that steer: errors, labels, alternatives, calls and the generators that stop early. */
import { JqThrow, fail } from './errors.ts';
import type { Json } from './json.ts';
import { truthy } from './json.ts';
import type { Direct, Each, Machine, Node, Path } from './machine.ts';
import { Closure, Environment, Fork } from './machine.ts';
import { ancestor, directNode, eachCombination, eachValue, heightOver, makeNode } from './node.ts';
import { typeError } from './operators.ts';

function tryDirect(body: Node, handler: Node | null): Direct | null {
  const { direct } = body;
  if (direct === null || (handler !== null && handler.direct === null)) return null;
  return (machine, input, env) => {
    try {
      return direct(machine, input, env);
    } catch (error) {
      if (!(error instanceof JqThrow)) throw error;
      return handler?.direct?.(machine, error.value, env);
    }
  };
}

/** `try body catch handler`; errors behind the body's outputs are not its own. */
export function tryCatch(body: Node, handler: Node | null): Node {
  return makeNode({
    direct: tryDirect(body, handler),
    step: (machine, input, path, env, next) => {
      let passed = false;
      const guard = machine.fork(
        () => machine.fail(),
        (error) => {
          if (passed) return false;
          if (handler === null) machine.fail();
          else machine.call(handler, error.value, path, env, next);
          return true;
        },
      );
      const onValue = machine.onOutput(next, (value, at) => {
        passed = false;
        if (!machine.dropIfNewest(guard)) {
          const pass = (): false => {
            passed = true;
            return false;
          };
          machine.fork(() => machine.fail(), pass);
        }
        machine.deliver(next, value, at);
      });
      body.step(machine, input, path, env, onValue);
    },
    height: heightOver(body, ...(handler === null ? [] : [handler])),
    shares: body.shares && handler === null,
  });
}

/** `left // right`: the outputs of `left` that are neither false nor null, else those of `right`. */
export function alternative(left: Node, right: Node): Node {
  const { direct: first, each: firstEach } = left;
  const { direct: second, each: secondEach } = right;
  const direct: Direct | null =
    first === null || second === null
      ? null
      : (machine, input, env) => {
          const value = first(machine, input, env);
          return value !== undefined && truthy(value) ? value : second(machine, input, env);
        };
  const each: Each | null =
    firstEach === null || secondEach === null
      ? null
      : (machine, input, env, emit) => {
          let found = false;
          const stopped = firstEach(machine, input, env, (value) => {
            if (!truthy(value)) return false;
            found = true;
            return emit(value);
          });
          return stopped || (!found && secondEach(machine, input, env, emit));
        };
  return makeNode({
    direct,
    each,
    step: (machine, input, path, env, next) => {
      let found = false;
      machine.fork(() => {
        if (found) machine.fail();
        else right.step(machine, input, path, env, next);
      });
      const onValue = machine.onOutput(next, (value, at) => {
        if (!truthy(value)) machine.fail();
        else {
          found = true;
          machine.deliver(next, value, at);
        }
      });
      left.step(machine, input, path, env, onValue);
    },
    height: heightOver(left, right),
    shares: left.shares && right.shares,
  });
}

/** `label $name | body`; the label stands in the environment as its fork. */
export function label(body: Node): Node {
  return makeNode({
    step: (machine, input, path, env, next) => {
      const fork = machine.fork(() => machine.fail());
      body.step(machine, input, path, new Environment(env, fork), next);
    },
    height: heightOver(body),
    shares: body.shares,
  });
}

/** `break $name` */
export function breakTo(distance: number): Node {
  return makeNode({
    step: (machine, _input, _path, env) => {
      const fork = ancestor(env, distance)?.value;
      if (!(fork instanceof Fork)) throw new TypeError('a break without its label');
      machine.cut(fork);
      machine.fail();
    },
    height: 1,
    shares: true,
  });
}

/** A call of a closure parameter. */
export function callClosure(distance: number): Node {
  return makeNode({
    step: (machine, input, path, env, next) => {
      const closure = ancestor(env, distance)?.value;
      if (!(closure instanceof Closure)) throw new TypeError('a call without its closure');
      machine.call(closure.node, input, path, closure.environment, next);
    },
    height: 1,
  });
}

/** A function that is called at run time; its body is compiled after the calls in it. */
export interface FunctionTarget {
  body: Node | null;
}

/** An argument: an expression, or a closure parameter that is handed on as it is. */
export type Argument = { node: Node } | { distance: number };

/** A call of a function that was defined `distance` bindings away. */
export function callFunction(target: FunctionTarget, distance: number, args: readonly Argument[]): Node {
  return makeNode({
    step: (machine, input, path, env, next) => {
      if (target.body === null) throw new TypeError('a call of a function without a body');
      let frame = ancestor(env, distance);
      for (const arg of args) {
        const value = 'node' in arg ? new Closure(arg.node, env) : ancestor(env, arg.distance)?.value;
        frame = new Environment(frame, value ?? null);
      }
      machine.call(target.body, input, path, frame, next);
    },
    height: 1,
  });
}

/** A bound variable. */
export function variable(distance: number): Node {
  return directNode((_machine, _input, env) => ancestor(env, distance)?.value as Json, 1, true); // bound by `as`
}

/** A free variable. */
export function globalVariable(slot: number): Node {
  return directNode((machine) => machine.globals[slot] ?? null, 1, true);
}

function limitEach(count: Direct, body: Each): Each {
  return (machine, input, env, emit) => {
    const maximum = count(machine, input, env);
    if (maximum === undefined) return false;
    let left = checkCount(maximum);
    if (left === 0) return false;
    let stopped = false;
    body(machine, input, env, (value) => {
      stopped = emit(value);
      return --left <= 0 || stopped;
    });
    return stopped;
  };
}

function checkCount(count: Json): number {
  if (typeof count !== 'number') return typeError(count, 'is not a number');
  return count < 0 ? fail("limit doesn't support negative count") : count;
}

/** `limit(count; body)` */
export function limit(count: Node, body: Node): Node {
  return makeNode({
    each: count.direct === null || body.each === null ? null : limitEach(count.direct, body.each),
    step: (machine, input, path, env, next) => {
      eachValue(machine, count, input, env, next, (maximum) => {
        let left = checkCount(maximum);
        if (left === 0) {
          machine.fail();
          return;
        }
        const fork = machine.fork(() => machine.fail());
        const onValue = machine.onOutput(next, (value, at) => {
          if (--left <= 0) machine.cut(fork);
          machine.deliver(next, value, at);
        });
        body.step(machine, input, path, env, onValue);
      });
    },
    height: heightOver(count, body),
    shares: body.shares,
  });
}

/** `first(body)` when `which` is first, else `last(body)`; no output when the body has none. */
export function pick(which: 'first' | 'last', body: Node): Node {
  const { each } = body;
  const stop = which === 'first';
  const direct: Direct | null =
    body.direct ??
    (each === null
      ? null
      : (machine, input, env) => {
          let found: Json | undefined;
          each(machine, input, env, (value) => {
            found = value;
            return stop;
          });
          return found;
        });
  return makeNode({
    direct,
    step: (machine, input, path, env, next) => {
      let found: { value: Json; at: Path | null } | null = null;
      const fork = machine.fork(() => {
        if (found === null) machine.fail();
        else machine.deliver(next, found.value, found.at);
      });
      const onValue = machine.onOutput(next, (value, at) => {
        if (stop) {
          machine.cut(fork);
          machine.deliver(next, value, at);
        } else {
          found = { value, at };
          machine.fail();
        }
      });
      body.step(machine, input, path, env, onValue);
    },
    height: heightOver(body),
    shares: body.shares,
  });
}

function bounds(values: readonly Json[]): [from: number, upto: number, by: number] {
  const [from, upto, by] = values;
  if (typeof from !== 'number' || typeof upto !== 'number' || typeof by !== 'number') {
    return fail('Range bounds must be numeric');
  }
  return [from, upto, by];
}

function inRange(value: number, upto: number, by: number): boolean {
  return by > 0 ? value < upto : by < 0 && value > upto;
}

function rangeEach(parts: readonly Direct[]): Each {
  return (machine, input, env, emit) => {
    const found: Json[] = [];
    for (const part of parts) {
      const value = part(machine, input, env);
      if (value === undefined) return false;
      found.push(value);
    }
    const [from, upto, by] = bounds(found);
    for (let value = from; inRange(value, upto, by); value += by) {
      machine.meter.tick();
      if (emit(value)) return true;
    }
    return false;
  };
}

/** `range(from; upto; by)`; of several bounds the last varies fastest. */
export function range(from: Node, upto: Node, by: Node): Node {
  const nodes = [from, upto, by];
  const directs = nodes.map((node) => node.direct).filter((direct) => direct !== null);
  const start = (machine: Machine, found: readonly Json[], deliver: (value: number) => void): void => {
    const [first, last, step] = bounds(found);
    let value = first;
    const resume = (): void => {
      const now = value;
      if (!inRange(now, last, step)) {
        machine.fail();
        return;
      }
      value += step;
      if (inRange(value, last, step)) machine.fork(resume);
      deliver(now);
    };
    resume();
  };
  return makeNode({
    each: directs.length === 3 ? rangeEach(directs) : null,
    step: (machine, input, path, env, next) => {
      eachCombination(machine, nodes, input, env, next, (found) =>
        start(machine, found, (value) => machine.deliver(next, value, path)),
      );
    },
    height: heightOver(...nodes),
    shares: true,
  });
}
