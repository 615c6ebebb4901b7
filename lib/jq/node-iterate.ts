/** Nodes that go through the parts of a value: `.[]` and `..`. */
import { fail } from './errors.ts';
import type { Json } from './json.ts';
import { isObject } from './json.ts';
import { shortText } from './json-text.ts';
import { ELEMENT_BYTES } from './limits.ts';
import type { Continuation, Each, Machine, Node } from './machine.ts';
import { Path } from './machine.ts';
import { identity } from './node-compose.ts';
import { heightOver, isAt, makeNode } from './node.ts';
import { cannotIterate } from './paths.ts';

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
