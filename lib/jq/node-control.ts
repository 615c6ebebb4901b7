/** Nodes that leave an expression before its end: `try`, `label` and `break`. */
import { JqThrow } from './errors.ts';
import type { Direct, Node } from './machine.ts';
import { Environment, Fork } from './machine.ts';
import { ancestor, heightOver, makeNode } from './node.ts';

function tryDirect(body: Node, handler: Node | null): Direct | null {
  const { direct } = body;
  if (direct === null || (handler !== null && handler.direct === null)) return null;
  return (machine, input, env) => {
    try {
      return direct(machine, input, env);
    } catch (error) {
      if (!(error instanceof JqThrow)) throw error;
      // The text of the error may have cost far more than a step.
      machine.meter.checkTime();
      return handler?.direct?.(machine, error.value, env);
    }
  };
}

/** `try body catch handler`; errors behind the body's outputs are not its own. */
export function tryCatch(body: Node, handler: Node | null): Node {
  return makeNode({
    direct: tryDirect(body, handler),
    step: (machine, input, path, env, next) => {
      let passed = false;
      const guard = machine.fork(
        () => machine.fail(),
        (error) => {
          if (passed) return false;
          if (handler === null) machine.fail();
          else machine.call(handler, error.value, path, env, next);
          return true;
        },
      );
      const onValue = machine.onOutput(next, (value, at) => {
        passed = false;
        if (!machine.dropIfNewest(guard)) {
          const pass = (): false => {
            passed = true;
            return false;
          };
          machine.fork(() => machine.fail(), pass);
        }
        machine.deliver(next, value, at);
      });
      body.step(machine, input, path, env, onValue);
    },
    height: heightOver(body, ...(handler === null ? [] : [handler])),
    shares: body.shares && handler === null,
  });
}

/** `label $name | body`; the label stands in the environment as its fork. */
export function label(body: Node): Node {
  return makeNode({
    step: (machine, input, path, env, next) => {
      const fork = machine.fork(() => machine.fail());
      body.step(machine, input, path, new Environment(env, fork), next);
    },
    height: heightOver(body),
    shares: body.shares,
  });
}

/** `break $name` */
export function breakTo(distance: number): Node {
  return makeNode({
    step: (machine, _input, _path, env) => {
      const fork = ancestor(env, distance)?.value;
      if (!(fork instanceof Fork)) throw new TypeError('a break without its label');
      machine.cut(fork);
      machine.fail();
    },
    height: 1,
    shares: true,
  });
}
