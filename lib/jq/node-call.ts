/** Variables and calls at run time: what the environment holds under a name. */
import type { Json } from './json.ts';
import type { Node } from './machine.ts';
import { Closure, Environment } from './machine.ts';
import { ancestor, directNode, makeNode } from './node.ts';

/** A bound variable. */
export function variable(distance: number): Node {
  return directNode((_machine, _input, env) => ancestor(env, distance)?.value as Json, 1, true); // bound by `as`
}

/** A free variable. */
export function globalVariable(slot: number): Node {
  return directNode((machine) => machine.globals[slot] ?? null, 1, true);
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
