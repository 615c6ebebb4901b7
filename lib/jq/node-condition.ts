/** Nodes that choose by what is true: `if`, `and`, `or` and `//`. */
import { truthy } from './json.ts';
import type { Direct, Each, Node } from './machine.ts';
import { directNode, eachValue, heightOver, makeNode } from './node.ts';

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
