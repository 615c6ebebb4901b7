/** Builders that the compiled nodes share. */
import type { Json } from './json.ts';
import type {
  Continuation,
  Direct,
  Each,
  Environment,
  Locate,
  Machine,
  Node,
  Path,
  Step,
} from './machine.ts';

/** Higher trees run step by step, so that the JavaScript stack stays small. */
const MAX_PLAIN_HEIGHT = 300;

/** The height of a node above its children. */
export function heightOver(...children: readonly Node[]): number {
  let height = 0;
  for (const child of children) height = Math.max(height, child.height);
  return height + 1;
}

/** The height of a node whose children emit into one another, each on the JavaScript stack of the one before. */
export function heightOfChain(...children: readonly Node[]): number {
  return children.reduce((sum, child) => sum + child.height, 1);
}

/** A node from its parts; a tree that grows too high loses the plain ways and bounces through the machine. */
export function makeNode(parts: {
  step: Step;
  direct?: Direct | null;
  each?: Each | null;
  height: number;
  shares?: boolean;
  locate?: Locate | null;
}): Node {
  const { step, direct = null, height, shares = false, locate = null } = parts;
  const each = parts.each ?? (direct === null ? null : eachOf(direct));
  if (height <= MAX_PLAIN_HEIGHT) return { step, direct, each, height, shares, constant: undefined, locate };
  const inner: Node = {
    step,
    direct: null,
    each: null,
    height: 1,
    shares,
    constant: undefined,
    locate: null,
  };
  return { ...inner, step: (machine, input, path, env, next) => machine.call(inner, input, path, env, next) };
}

function eachOf(direct: Direct): Each {
  return (machine, input, env, emit) => {
    const value = direct(machine, input, env);
    return value !== undefined && emit(value);
  };
}

/** A node with one output at most, whose value is no path into the input. */
export function directNode(direct: Direct, height: number, shares = false): Node {
  return makeNode({
    direct,
    height,
    shares,
    step: (machine, input, path, env, next) => {
      const value = direct(machine, input, env);
      if (value === undefined) machine.fail();
      else machine.deliver(next, value, path);
    },
  });
}

/** A constant. It is the same value in every run, so it must not change. */
export function literal(value: Json): Node {
  freeze(value);
  return { ...directNode(() => value, 1, isFinite(value)), constant: value };
}

function freeze(value: Json): void {
  if (typeof value !== 'object' || value === null) return;
  Object.values(value).forEach(freeze);
  Object.freeze(value);
}

function isFinite(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isFinite);
}

/** Evaluates `node` for its values alone, even inside a path expression. */
export function eachValue(
  machine: Machine,
  node: Node,
  input: Json,
  environment: Environment | null,
  next: Continuation,
  use: (value: Json) => void,
): void {
  if (node.direct === null) {
    node.step(machine, input, null, environment, machine.onOutput(next, use));
    return;
  }
  const value = node.direct(machine, input, environment);
  if (value === undefined) machine.fail();
  else use(value);
}

/** Evaluates `nodes` for every combination of their values; the last one varies fastest. */
export function eachCombination(
  machine: Machine,
  nodes: readonly Node[],
  input: Json,
  environment: Environment | null,
  next: Continuation,
  use: (values: Json[]) => void,
): void {
  const from = (start: number, known: Json[]): void => {
    for (let index = start; index < nodes.length; index++) {
      const node = nodes[index];
      if (node === undefined) continue;
      if (node.direct === null) {
        const onValue = (value: Json): void => from(index + 1, [...known, value]);
        node.step(machine, input, null, environment, machine.onOutput(next, onValue));
        return;
      }
      const value = node.direct(machine, input, environment);
      if (value === undefined) {
        machine.fail();
        return;
      }
      known.push(value);
    }
    use(known);
  };
  from(0, []);
}

/** The entry that is `distance` bindings away. */
export function ancestor(environment: Environment | null, distance: number): Environment | null {
  let at = environment;
  for (let steps = distance; steps > 0 && at !== null; steps--) at = at.parent;
  return at;
}

/** jq's rule for the end of a path: the value must be the one that the path leads to. */
export function isAt(path: Path, value: Json): boolean {
  return Object.is(path.value, value);
}
