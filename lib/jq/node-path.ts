/** Nodes that lead into the input: indices, slices, iteration, `..`, `path(f)` and `getpath`. */
import { JqThrow, fail } from './errors.ts';
import type { Json } from './json.ts';
import { isObject } from './json.ts';
import { shortText } from './json-text.ts';
import { ELEMENT_BYTES, HEADER_BYTES } from './limits.ts';
import type { Continuation, Direct, Each, Locate, Machine, Node } from './machine.ts';
import { Path } from './machine.ts';
import { identity } from './node-basic.ts';
import { directNode, eachCombination, eachValue, heightOver, isAt, makeNode } from './node.ts';
import { cannotIterate, getIndex, getPath } from './paths.ts';

/** The error of a read that may be written as optional, with `?` behind it. */
function ignore(error: unknown): undefined {
  if (!(error instanceof JqThrow)) throw error;
  return undefined;
}

function indexDirect(target: Direct, key: Node, optional: boolean): Direct | null {
  const { direct: keyDirect, constant } = key;
  if (keyDirect === null) return null;
  const read = (machine: Machine, value: Json, name: Json): Json | undefined => {
    if (!optional) return getIndex(value, name, machine.meter);
    try {
      return getIndex(value, name, machine.meter);
    } catch (error) {
      return ignore(error);
    }
  };
  if (typeof constant === 'string') {
    return (machine, input, env) => {
      const value = target(machine, input, env);
      if (value === undefined) return undefined;
      if (isObject(value)) return Object.hasOwn(value, constant) ? (value[constant] ?? null) : null;
      return read(machine, value, constant);
    };
  }
  return (machine, input, env) => {
    const name = keyDirect(machine, input, env);
    if (name === undefined) return undefined;
    const value = target(machine, input, env);
    return value === undefined ? undefined : read(machine, value, name);
  };
}

function indexLocate(target: Locate, key: Node): Locate | null {
  const { direct } = key;
  if (direct === null) return null;
  return (machine, input, env) => {
    const name = direct(machine, input, env);
    const keys = name === undefined ? undefined : target(machine, input, env);
    if (name !== undefined) keys?.push(name);
    return keys;
  };
}

/** Reads `value[key]` and carries the path on. */
function stepInto(
  machine: Machine,
  value: Json,
  key: Json,
  path: Path | null,
  optional: boolean,
  next: Continuation,
): void {
  if (path !== null && !isAt(path, value)) {
    fail(`Invalid path expression near attempt to access element ${shortText(key)} of ${shortText(value)}`);
  }
  let found: Json | undefined;
  try {
    found = getIndex(value, key, machine.meter);
  } catch (error) {
    if (!optional) throw error;
    found = ignore(error);
  }
  if (found === undefined) machine.fail();
  else machine.deliver(next, found, path === null ? null : new Path(path, key, found));
}

/** `target[key]`, with `?` behind it when optional; the key is evaluated first. */
export function index(target: Node, key: Node, optional: boolean): Node {
  return makeNode({
    direct: target.direct === null ? null : indexDirect(target.direct, key, optional),
    step: (machine, input, path, env, next) => {
      eachValue(machine, key, input, env, next, (name) => {
        if (target === identity) {
          stepInto(machine, input, name, path, optional, next);
          return;
        }
        const onTarget = machine.onOutput(next, (value, at) =>
          stepInto(machine, value, name, at, optional, next),
        );
        target.step(machine, input, path, env, onTarget);
      });
    },
    height: heightOver(target, key),
    shares: target.shares && typeof key.constant === 'string',
    locate: target.locate === null || optional ? null : indexLocate(target.locate, key),
  });
}

/** The key of a slice, `{start, end}`. */
export function sliceKey(from: Node, to: Node): Node {
  const { direct: first } = from;
  const { direct: second } = to;
  const height = heightOver(from, to);
  if (first !== null && second !== null) {
    const direct: Direct = (machine, input, env) => {
      const start = first(machine, input, env);
      const end = start === undefined ? undefined : second(machine, input, env);
      return start === undefined || end === undefined ? undefined : { start, end };
    };
    return directNode(direct, height);
  }
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachCombination(machine, [from, to], input, env, next, ([start = null, end = null]) =>
        machine.deliver(next, { start, end }, path),
      );
    },
    height,
  });
}

function iterateEach(target: Each, optional: boolean): Each {
  return (machine, input, env, emit) =>
    target(machine, input, env, (container) => {
      if (typeof container !== 'object' || container === null) {
        if (!optional) childKeys(machine, container);
        return false;
      }
      if (Array.isArray(container)) {
        for (let at = 0; at < container.length; at++) {
          machine.meter.tick();
          if (emit(container[at] ?? null)) return true;
        }
        return false;
      }
      for (const key of childKeys(machine, container) ?? []) {
        machine.meter.tick();
        if (emit(container[key] ?? null)) return true;
      }
      return false;
    });
}

/** The keys of a container, null for an array, which counts. */
function childKeys(machine: Machine, container: Json): string[] | null {
  if (Array.isArray(container)) return null;
  if (isObject(container)) {
    const keys = Object.keys(container);
    machine.meter.tick(keys.length >> 3);
    return keys;
  }
  return cannotIterate(container);
}

function stepThrough(
  machine: Machine,
  container: Json,
  path: Path | null,
  optional: boolean,
  next: Continuation,
): void {
  if (path !== null && !isAt(path, container)) {
    fail(`Invalid path expression near attempt to iterate through ${shortText(container)}`);
  }
  if (optional && (typeof container !== 'object' || container === null)) {
    machine.fail();
    return;
  }
  const keys = childKeys(machine, container);
  const items = container as Json[]; // an object is read by its keys in the same way
  machine.alternatives(keys === null ? items.length : keys.length, (at) => {
    const key = keys === null ? at : (keys[at] ?? '');
    const value = items[key as number] ?? null;
    machine.deliver(next, value, path === null ? null : new Path(path, key, value));
  });
}

/** `target[]`, with `?` behind it when optional. */
export function iterate(target: Node, optional: boolean): Node {
  return makeNode({
    each: target.each === null ? null : iterateEach(target.each, optional),
    step: (machine, input, path, env, next) => {
      if (target === identity) {
        stepThrough(machine, input, path, optional, next);
        return;
      }
      const onTarget = machine.onOutput(next, (value, at) => stepThrough(machine, value, at, optional, next));
      target.step(machine, input, path, env, onTarget);
    },
    height: heightOver(target),
    shares: target.shares,
  });
}

/** Puts the children of a container on the stack, the first on top. */
function pushChildren(
  machine: Machine,
  value: Json,
  path: Path | null,
  stack: { value: Json; path: Path | null }[],
) {
  if (typeof value !== 'object' || value === null) return;
  const keys = Array.isArray(value) ? Array.from(value.keys()) : Object.keys(value);
  machine.meter.charge(keys.length * ELEMENT_BYTES);
  machine.meter.tick(keys.length >> 2);
  for (let at = keys.length - 1; at >= 0; at--) {
    const key = keys[at] ?? 0;
    const child = (value as Json[])[key as number] ?? null; // an object is read by its keys in the same way
    stack.push({ value: child, path: path === null ? null : new Path(path, key, child) });
  }
}

/** `..`: the input and everything in it, parents first. */
export const recurse: Node = makeNode({
  each: (machine, input, _env, emit) => {
    const stack: { value: Json; path: Path | null }[] = [{ value: input, path: null }];
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      machine.meter.tick();
      if (emit(entry.value)) return true;
      pushChildren(machine, entry.value, null, stack);
    }
    return false;
  },
  step: (machine, input, path, _env, next) => {
    const stack: { value: Json; path: Path | null }[] = [{ value: input, path }];
    const resume = (): void => {
      const entry = stack.pop();
      if (entry === undefined) {
        machine.fail();
        return;
      }
      pushChildren(machine, entry.value, entry.path, stack);
      if (stack.length > 0) machine.fork(resume);
      machine.deliver(next, entry.value, entry.path);
    };
    resume();
  },
  height: 1,
  shares: true,
});

/** The keys of a path as an array. */
function pathKeys(machine: Machine, path: Path): Json[] {
  machine.meter.charge(path.length * ELEMENT_BYTES + HEADER_BYTES);
  machine.meter.tick(path.length >> 4);
  const keys: Json[] = [];
  for (let at = path; at.parent !== null; at = at.parent) keys.push(at.key);
  return keys.reverse();
}

/** Gives every path of `node` to `use`, which ends in one machine action. */
export function eachPath(
  machine: Machine,
  node: Node,
  input: Json,
  environment: Parameters<Node['step']>[3],
  next: Continuation,
  use: (keys: Json[]) => void,
): void {
  const onPath = machine.onOutput(next, (value, path) => {
    if (path === null || !isAt(path, value)) {
      fail(`Invalid path expression with result ${shortText(value)}`);
    }
    use(pathKeys(machine, path));
  });
  node.step(machine, input, new Path(null, null, input), environment, onPath);
}

/** `path(body)` */
export function pathOf(body: Node): Node {
  return makeNode({
    step: (machine, input, path, env, next) => {
      eachPath(machine, body, input, env, next, (keys) => machine.deliver(next, keys, path));
    },
    height: heightOver(body),
  });
}

/** `getpath(keys)`, which is itself a path. */
export function getPathNode(keys: Node): Node {
  const { direct } = keys;
  return makeNode({
    direct:
      direct === null
        ? null
        : (machine, input, env) => {
            const path = direct(machine, input, env);
            return path === undefined ? undefined : getPath(input, path, machine.meter);
          },
    step: (machine, input, path, env, next) => {
      eachValue(machine, keys, input, env, next, (found) => {
        const value = getPath(input, found, machine.meter);
        let at = path;
        if (at !== null && isAt(at, input) && Array.isArray(found)) {
          for (const key of found) at = new Path(at, key, null);
          at = found.length === 0 ? at : new Path(at?.parent ?? null, at?.key ?? null, value);
        }
        machine.deliver(next, value, at);
      });
    },
    height: heightOver(keys),
  });
}
