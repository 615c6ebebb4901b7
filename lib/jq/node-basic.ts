/** Nodes for plain composition: pipes, commas, constructors, conditions and calls of native functions. */
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { setMember, truthy, typeName } from './json.ts';
import { shortText } from './json-text.ts';
import { ELEMENT_BYTES, HEADER_BYTES, MEMBER_BYTES } from './limits.ts';
import type { Direct, Each, Machine, Node } from './machine.ts';
import { directNode, eachCombination, eachValue, heightOfChain, heightOver, makeNode } from './node.ts';
import { lengthen } from './operators.ts';

/** A function on values; `a`, `b` and `c` are its arguments, as many as it has. */
export type Native = (machine: Machine, input: Json, a: Json, b: Json, c: Json) => Json;

/** `.` */
export const identity: Node = {
  ...makeNode({
    direct: (_machine, input) => input,
    step: (machine, input, path, _environment, next) => machine.deliver(next, input, path),
    height: 1,
    shares: true,
    locate: () => [],
  }),
};

/** `empty` */
export const empty: Node = directNode(() => undefined, 1, true);

function pipeEach(left: Node, right: Node): Each | null {
  const { each: outer, direct } = left;
  const inner = right.each;
  if (inner === null) return null;
  if (direct !== null) {
    return (machine, input, env, emit) => {
      const value = direct(machine, input, env);
      return value !== undefined && inner(machine, value, env, emit);
    };
  }
  if (outer === null) return null;
  return (machine, input, env, emit) =>
    outer(machine, input, env, (value) => inner(machine, value, env, emit));
}

function pipeDirect(left: Direct, right: Direct): Direct {
  return (machine, input, env) => {
    const value = left(machine, input, env);
    return value === undefined ? undefined : right(machine, value, env);
  };
}

/** `left | right` */
export function pipe(left: Node, right: Node): Node {
  if (left === identity) return right;
  if (right === identity) return left;
  return makeNode({
    direct: left.direct !== null && right.direct !== null ? pipeDirect(left.direct, right.direct) : null,
    each: pipeEach(left, right),
    step: (machine, input, path, env, next) => {
      if (path === null && left.direct !== null) {
        const value = left.direct(machine, input, env);
        if (value === undefined) machine.fail();
        else right.step(machine, value, null, env, next);
        return;
      }
      const onValue = machine.onOutput(next, (value, at) => right.step(machine, value, at, env, next));
      left.step(machine, input, path, env, onValue);
    },
    height:
      left.direct === null && right.direct === null ? heightOfChain(left, right) : heightOver(left, right),
    shares: left.shares && right.shares,
  });
}

/** `left, right` */
export function comma(left: Node, right: Node): Node {
  const { each: first } = left;
  const { each: second } = right;
  return makeNode({
    each:
      first === null || second === null
        ? null
        : (machine, input, env, emit) =>
            first(machine, input, env, emit) || second(machine, input, env, emit),
    step: (machine, input, path, env, next) => {
      machine.fork(() => right.step(machine, input, path, env, next));
      left.step(machine, input, path, env, next);
    },
    height: heightOver(left, right),
    shares: left.shares && right.shares,
  });
}

/** `[body]` */
export function collect(body: Node): Node {
  const { each } = body;
  const append = (machine: Machine, items: Json[], value: Json): void => {
    machine.meter.charge(ELEMENT_BYTES);
    items.push(value);
  };
  const direct: Direct | null =
    each === null
      ? null
      : (machine, input, env) => {
          const items: Json[] = [];
          machine.meter.charge(HEADER_BYTES);
          each(machine, input, env, (value) => {
            append(machine, items, value);
            return false;
          });
          return items;
        };
  return makeNode({
    direct,
    step: (machine, input, path, env, next) => {
      if (direct !== null) {
        machine.deliver(next, direct(machine, input, env) ?? null, path);
        return;
      }
      const items: Json[] = [];
      machine.meter.charge(HEADER_BYTES);
      machine.fork(() => machine.deliver(next, items, path));
      const onValue = machine.onOutput(next, (value) => {
        append(machine, items, value);
        machine.fail();
      });
      body.step(machine, input, null, env, onValue);
    },
    height: heightOver(body),
  });
}

function put(machine: Machine, target: JsonObject, key: Json, value: Json): void {
  if (typeof key !== 'string') fail(`Cannot use ${typeName(key)} (${shortText(key)}) as object key`);
  machine.meter.charge(MEMBER_BYTES);
  setMember(target, key, value);
}

function objectDirect(entries: readonly { key: Node; value: Node }[]): Direct | null {
  const parts: { key: Direct; value: Direct }[] = [];
  for (const { key, value } of entries) {
    if (key.direct === null || value.direct === null) return null;
    parts.push({ key: key.direct, value: value.direct });
  }
  return (machine, input, env) => {
    const target: JsonObject = {};
    machine.meter.charge(HEADER_BYTES);
    for (const part of parts) {
      const key = part.key(machine, input, env);
      if (key === undefined) return undefined;
      const value = part.value(machine, input, env);
      if (value === undefined) return undefined;
      put(machine, target, key, value);
    }
    return target;
  };
}

/** `{key: value, …}`; of several outputs the first member varies slowest. */
export function object(entries: readonly { key: Node; value: Node }[]): Node {
  const nodes = entries.flatMap(({ key, value }) => [key, value]);
  const direct = objectDirect(entries);
  if (direct !== null) return directNode(direct, heightOver(...nodes));
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachCombination(machine, nodes, input, env, next, (found) => {
        const target: JsonObject = {};
        machine.meter.charge(HEADER_BYTES);
        for (let index = 0; index + 1 < found.length; index += 2) {
          put(machine, target, found[index] ?? null, found[index + 1] ?? null);
        }
        machine.deliver(next, target, path);
      });
    },
    height: heightOver(...nodes),
  });
}

function nativeDirect(run: Native, args: readonly Node[]): Direct | null {
  const [a, b, c] = args;
  const first = a?.direct ?? null;
  const second = b?.direct ?? null;
  const third = c?.direct ?? null;
  if (a === undefined) return (machine, input) => run(machine, input, null, null, null);
  if (first === null) return null;
  if (b === undefined) {
    return (machine, input, env) => {
      const x = first(machine, input, env);
      return x === undefined ? undefined : run(machine, input, x, null, null);
    };
  }
  if (second === null) return null;
  if (c === undefined) {
    return (machine, input, env) => {
      const y = second(machine, input, env);
      if (y === undefined) return undefined;
      const x = first(machine, input, env);
      return x === undefined ? undefined : run(machine, input, x, y, null);
    };
  }
  if (third === null) return null;
  return (machine, input, env) => {
    const z = third(machine, input, env);
    const y = z === undefined ? undefined : second(machine, input, env);
    const x = y === undefined ? undefined : first(machine, input, env);
    return x === undefined || y === undefined || z === undefined ? undefined : run(machine, input, x, y, z);
  };
}

/** A call of a native function; of several outputs the first argument varies fastest, as in jq. */
export function callNative(run: Native, args: readonly Node[]): Node {
  const direct = nativeDirect(run, args);
  if (direct !== null) return directNode(direct, heightOver(...args));
  const reversed = args.toReversed();
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachCombination(machine, reversed, input, env, next, (found) => {
        const [a = null, b = null, c = null] = found.reverse();
        machine.deliver(next, run(machine, input, a, b, c), path);
      });
    },
    height: heightOver(...args),
  });
}

/** A string template: text and the formatted outputs of nodes. */
export function template(
  parts: readonly (string | Node)[],
  format: (machine: Machine, value: Json) => string,
): Node {
  const nodes = parts.filter((part) => typeof part !== 'string');
  const join = (machine: Machine, found: readonly Json[]): string => {
    let text = '';
    let used = 0;
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : format(machine, found[used++] ?? null);
      text = text === '' ? piece : lengthen(text, piece, machine.meter);
    }
    return text;
  };
  const directs = nodes.map((node) => node.direct).filter((direct) => direct !== null);
  if (directs.length === nodes.length) {
    const direct: Direct = (machine, input, env) => {
      const found: Json[] = [];
      for (const part of directs) {
        const value = part(machine, input, env);
        if (value === undefined) return undefined;
        found.push(value);
      }
      return join(machine, found);
    };
    return directNode(direct, heightOver(...nodes));
  }
  const reversed = nodes.toReversed();
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachCombination(machine, reversed, input, env, next, (found) => {
        machine.deliver(next, join(machine, found.reverse()), path);
      });
    },
    height: heightOver(...nodes),
  });
}

/** `if condition then yes else no end` */
export function condition(test: Node, yes: Node, no: Node): Node {
  const choose = test.direct;
  const { direct: thenDirect, each: thenEach } = yes;
  const { direct: elseDirect, each: elseEach } = no;
  const direct: Direct | null =
    choose === null || thenDirect === null || elseDirect === null
      ? null
      : (machine, input, env) => {
          const chosen = choose(machine, input, env);
          if (chosen === undefined) return undefined;
          return truthy(chosen) ? thenDirect(machine, input, env) : elseDirect(machine, input, env);
        };
  const each: Each | null =
    choose === null || thenEach === null || elseEach === null
      ? null
      : (machine, input, env, emit) => {
          const chosen = choose(machine, input, env);
          if (chosen === undefined) return false;
          return truthy(chosen) ? thenEach(machine, input, env, emit) : elseEach(machine, input, env, emit);
        };
  return makeNode({
    direct,
    each,
    step: (machine, input, path, env, next) => {
      eachValue(machine, test, input, env, next, (chosen) =>
        (truthy(chosen) ? yes : no).step(machine, input, path, env, next),
      );
    },
    height: heightOver(test, yes, no),
    shares: yes.shares && no.shares,
  });
}

/** `left and right` (`stopAt` false) or `left or right` (`stopAt` true) */
export function logical(left: Node, right: Node, stopAt: boolean): Node {
  const { direct: first } = left;
  const { direct: second } = right;
  const height = heightOver(left, right);
  if (first !== null && second !== null) {
    const direct: Direct = (machine, input, env) => {
      const value = first(machine, input, env);
      if (value === undefined || truthy(value) === stopAt) return value === undefined ? undefined : stopAt;
      const other = second(machine, input, env);
      return other === undefined ? undefined : truthy(other);
    };
    return directNode(direct, height, true);
  }
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachValue(machine, left, input, env, next, (value) => {
        if (truthy(value) === stopAt) machine.deliver(next, stopAt, path);
        else {
          eachValue(machine, right, input, env, next, (other) => machine.deliver(next, truthy(other), path));
        }
      });
    },
    height,
    shares: true,
  });
}
