/** Plain composition: `.`, `empty`, pipes and commas. */
import type { Direct, Each, Node } from './machine.ts';
import { directNode, heightOfChain, heightOver, makeNode } from './node.ts';

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
