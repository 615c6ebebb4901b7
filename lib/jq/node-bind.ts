/** `source as patterns | body`, with `?//` between several patterns. */
import type { Json } from './json.ts';
import type { Direct, Each, Environment, Machine, Node } from './machine.ts';
import type { Binder } from './node-pattern.ts';
import { eachValue, heightOfChain, makeNode } from './node.ts';

type Env = Environment | null;

function bindWith(machine: Machine, binder: Binder, value: Json, env: Env, use: (env: Env) => void): void {
  if (binder.direct !== null) {
    const bound = binder.direct(machine, value, env);
    if (bound === undefined) machine.fail();
    else use(bound);
    return;
  }
  const ways = binder.all(machine, value, env);
  machine.alternatives(ways.length, (at) => use(ways[at] ?? null));
}

/** Runs `use` for every way in which the patterns bind `value`; an error tries the next of several patterns. */
export function eachBinding(
  machine: Machine,
  binders: readonly Binder[],
  value: Json,
  env: Env,
  use: (env: Env) => void,
) {
  const [only] = binders;
  if (binders.length === 1 && only !== undefined) {
    bindWith(machine, only, value, env, use);
    return;
  }
  const attempt = (at: number): void => {
    const binder = binders[at];
    if (binder === undefined) {
      machine.fail();
      return;
    }
    if (at + 1 < binders.length) {
      const onError = (): true => {
        machine.fork(() => attempt(at + 1));
        machine.fail();
        return true;
      };
      machine.fork(() => machine.fail(), onError);
    }
    bindWith(machine, binder, value, env, use);
  };
  attempt(0);
}

/** The one way to bind, set when there is a single pattern with one way at most. */
export function singleDirect(binders: readonly Binder[]): Binder['direct'] {
  return binders.length === 1 ? (binders[0]?.direct ?? null) : null;
}

function bindDirect(source: Direct, bind: NonNullable<Binder['direct']>, body: Direct): Direct {
  return (machine, input, env) => {
    const value = source(machine, input, env);
    const bound = value === undefined ? undefined : bind(machine, value, env);
    return bound === undefined ? undefined : body(machine, input, bound);
  };
}

function bindEach(source: Each, bind: NonNullable<Binder['direct']>, body: Each): Each {
  return (machine, input, env, emit) =>
    source(machine, input, env, (value) => {
      const bound = bind(machine, value, env);
      return bound !== undefined && body(machine, input, bound, emit);
    });
}

/** `source as patterns | body` */
export function bind(source: Node, binders: readonly Binder[], body: Node): Node {
  const direct = singleDirect(binders);
  return makeNode({
    direct:
      direct === null || source.direct === null || body.direct === null
        ? null
        : bindDirect(source.direct, direct, body.direct),
    each:
      direct === null || source.each === null || body.each === null
        ? null
        : bindEach(source.each, direct, body.each),
    step: (machine, input, path, env, next) => {
      eachValue(machine, source, input, env, next, (value) =>
        eachBinding(machine, binders, value, env, (bound) => body.step(machine, input, path, bound, next)),
      );
    },
    height: heightOfChain(source, body),
    shares: source.shares && body.shares,
  });
}
