/** Assignment operators. Containers copied by one operator are its own and may be changed in place. */
import type { Json } from './json.ts';
import { isObject, setMember } from './json.ts';
import { ELEMENT_BYTES, MEMBER_BYTES } from './limits.ts';
import type { Continuation, Direct, Environment, Machine, Node, Path } from './machine.ts';
import { eachPath } from './node-path.ts';
import { eachValue, heightOver, makeNode } from './node.ts';
import { deletePaths, getIndex, getPath, setIndex, setPath } from './paths.ts';

type Env = Environment | null;

/** A value under change, with the containers in it that nobody else holds. */
export class Draft {
  value: Json;
  private readonly machine: Machine;
  private readonly owned = new Set<Json>();

  constructor(machine: Machine, value: Json) {
    this.machine = machine;
    this.value = value;
  }

  /** What stands at the path. It may be kept by the program, so nothing in it is owned from then on. */
  read(keys: Json[]): Json {
    const value = getPath(this.value, keys, this.machine.meter);
    if (this.owned.has(value)) this.owned.clear();
    return value;
  }

  /** Starts again with another value. */
  replace(value: Json): void {
    this.value = value;
    this.owned.clear();
  }

  write(keys: Json[], value: Json): void {
    const { meter } = this.machine;
    // One call checks the path and its errors; the first write of an operator copies the same containers anyway.
    if (this.owned.size === 0 || keys.some((key) => typeof key === 'object')) {
      this.value = setPath(this.value, keys, value, meter);
      this.owned.clear();
      this.own(keys);
      return;
    }
    meter.tick(keys.length);
    const targets: Json[] = [];
    let current = this.value;
    for (const key of keys) {
      targets.push(current);
      current = getIndex(current, key, meter);
    }
    let result = value;
    for (let at = keys.length - 1; at >= 0; at--) {
      result = this.put(targets[at] ?? null, keys[at] ?? null, result);
    }
    this.value = result;
  }

  private put(target: Json, key: Json, value: Json): Json {
    if (this.owned.has(target)) {
      if (typeof key === 'string' && isObject(target)) {
        this.machine.meter.charge(MEMBER_BYTES);
        setMember(target, key, value);
        return target;
      }
      if (typeof key === 'number' && Array.isArray(target) && key >= 0 && Math.trunc(key) <= target.length) {
        this.machine.meter.charge(ELEMENT_BYTES);
        target[Math.trunc(key)] = value;
        return target;
      }
    }
    const copy = setIndex(target, key, value, this.machine.meter);
    this.owned.add(copy);
    return copy;
  }

  /** Marks the containers that the last write made. */
  private own(keys: readonly Json[]): void {
    let current = this.value;
    for (const key of keys) {
      this.owned.add(current);
      if (typeof key === 'object') return;
      current = getIndex(current, key, this.machine.meter);
    }
  }
}

/** Computes the new value; undefined deletes the old one. */
type Change = { direct: (old: Json) => Json | undefined } | { node: Node };

function changeOne(
  machine: Machine,
  draft: Draft,
  gone: Json[],
  keys: Json[],
  value: Json | undefined,
): void {
  if (value === undefined) {
    machine.meter.charge(8);
    gone.push(keys);
  } else {
    draft.write(keys, value);
  }
}

/** jq's `_modify`: every path of `target` gets the first output of the change, or is deleted in the end. */
function modify(
  machine: Machine,
  target: Node,
  change: Change,
  input: Json,
  path: Path | null,
  env: Env,
  next: Continuation,
): void {
  const draft = new Draft(machine, input);
  const gone: Json[] = [];
  machine.fork(() => {
    const value = gone.length === 0 ? draft.value : deletePaths(draft.value, gone, machine.meter);
    machine.deliver(next, value, path);
  });
  eachPath(machine, target, input, env, next, (keys) => {
    const old = draft.read(keys);
    if ('direct' in change) {
      changeOne(machine, draft, gone, keys, change.direct(old));
      machine.fail();
      return;
    }
    let seen = false;
    const fork = machine.fork(() => {
      if (!seen) changeOne(machine, draft, gone, keys, undefined);
      machine.fail();
    });
    const onValue = machine.onOutput(next, (value) => {
      seen = true;
      machine.cut(fork);
      draft.write(keys, value);
      machine.fail();
    });
    change.node.step(machine, old, null, env, onValue);
  });
}

/** `target |= update` */
export function updateWith(target: Node, update: Node): Node {
  const { locate } = target;
  const { direct } = update;
  const plain: Direct | null =
    locate === null || direct === null
      ? null
      : (machine, input, env) => {
          const keys = locate(machine, input, env);
          if (keys === undefined) return input;
          const value = direct(machine, getPath(input, keys, machine.meter), env);
          return value === undefined
            ? deletePaths(input, [keys], machine.meter)
            : setPath(input, keys, value, machine.meter);
        };
  return makeNode({
    direct: plain,
    step: (machine, input, path, env, next) => {
      const change: Change =
        direct === null ? { node: update } : { direct: (old) => direct(machine, old, env) };
      modify(machine, target, change, input, path, env, next);
    },
    height: heightOver(target, update),
  });
}

/** Combines the old value with the right side of `+=` and its kin; undefined deletes. */
export type Combine = (machine: Machine, old: Json, value: Json) => Json | undefined;

/** The plain way of an assignment to one path: writes there what `change` makes of the one value. */
function assignDirect(
  target: Node,
  value: Node,
  change: (machine: Machine, input: Json, keys: Json[], value: Json) => Json,
): Direct | null {
  const { locate } = target;
  const { direct } = value;
  if (locate === null || direct === null) return null;
  return (machine, input, env) => {
    const operand = direct(machine, input, env);
    if (operand === undefined) return undefined;
    const keys = locate(machine, input, env);
    if (keys === undefined) return input;
    return setPath(input, keys, change(machine, input, keys, operand), machine.meter);
  };
}

/** `target += value` and its kin; one output for each value. */
export function updateBy(target: Node, value: Node, combine: Combine): Node {
  return makeNode({
    direct: assignDirect(
      target,
      value,
      (machine, input, keys, operand) =>
        combine(machine, getPath(input, keys, machine.meter), operand) ?? null,
    ),
    step: (machine, input, path, env, next) => {
      eachValue(machine, value, input, env, next, (operand) => {
        const change: Change = { direct: (old) => combine(machine, old, operand) };
        modify(machine, target, change, input, path, env, next);
      });
    },
    height: heightOver(target, value),
  });
}

/** `target = value`; one output for each value. */
export function assign(target: Node, value: Node): Node {
  return makeNode({
    direct: assignDirect(target, value, (_machine, _input, _keys, after) => after),
    step: (machine, input, path, env, next) => {
      eachValue(machine, value, input, env, next, (after) => {
        const draft = new Draft(machine, input);
        machine.fork(() => machine.deliver(next, draft.value, path));
        eachPath(machine, target, input, env, next, (keys) => {
          draft.write(keys, after);
          machine.fail();
        });
      });
    },
    height: heightOver(target, value),
  });
}
