/** Generators that stop early or count: `limit`, `first`, `last` and `range`. */
import { fail } from './errors.ts';
import type { Json } from './json.ts';
import type { Direct, Each, Machine, Node, Path } from './machine.ts';
import { eachCombination, eachValue, heightOver, makeNode } from './node.ts';
import { typeError } from './operators.ts';

function checkCount(count: Json): number {
  if (typeof count !== 'number') return typeError(count, 'is not a number');
  return count < 0 ? fail("limit doesn't support negative count") : count;
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
