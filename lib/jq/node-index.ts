/** Nodes that read one part of a value: indices and slices. */
import { JqThrow, fail } from './errors.ts';
import type { Json } from './json.ts';
import { isObject } from './json.ts';
import { shortText } from './json-text.ts';
import type { Meter } from './limits.ts';
import type { Continuation, Direct, Locate, Machine, Node } from './machine.ts';
import { Path } from './machine.ts';
import { identity } from './node-compose.ts';
import { directNode, eachCombination, eachValue, heightOver, isAt, makeNode } from './node.ts';
import { getIndex } from './paths.ts';

/** Drops the error of an optional read, written with `?` behind it. Its text may have cost far more than a step. */
function ignore(error: unknown, meter: Meter): undefined {
  if (!(error instanceof JqThrow)) throw error;
  meter.checkTime();
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
      return ignore(error, machine.meter);
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
    found = ignore(error, machine.meter);
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
