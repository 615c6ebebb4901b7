/** Calls of functions that are written in TypeScript. */
import type { Json } from './json.ts';
import type { Direct, Machine, Node } from './machine.ts';
import { directNode, eachCombination, heightOver, makeNode } from './node.ts';

/** A function on values; `a`, `b` and `c` are its arguments, as many as it has. */
export type Native = (machine: Machine, input: Json, a: Json, b: Json, c: Json) => Json;

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
