/** Paths as values: `path(f)` and `getpath`. */
import { fail } from './errors.ts';
import type { Json } from './json.ts';
import { shortText } from './json-text.ts';
import { ELEMENT_BYTES, HEADER_BYTES } from './limits.ts';
import type { Continuation, Machine, Node } from './machine.ts';
import { Path } from './machine.ts';
import { eachValue, heightOver, isAt, makeNode } from './node.ts';
import { getPath } from './paths.ts';

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
