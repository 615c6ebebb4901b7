/**
 * `for`: a list of tasks once for each item (dsl-reference, For). The output of an iteration is the input of the
 * next; `while` is looked at before each, the first too.
 */
import type { CompiledList } from '../engine/compiled.ts';
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import { runList } from '../engine/list.ts';
import { newList } from '../engine/tree.ts';
import type { ListProgress } from '../engine/types.ts';
import type {
  CompileContext,
  Evaluable,
  Expression,
  Json,
  JsonObject,
  TaskBody,
  TaskModule,
} from './types.ts';

interface Loop {
  each: string;
  at: string;
  in: Evaluable;
  while: Expression | null;
  list: CompiledList;
}

/** The shape of the node's `body`, written only here. */
type ForState = {
  /** The collection, evaluated once. */
  in: Json[];
  /** Index of the iteration that runs now or next. */
  at: number;
  /** Between iterations: the input of the next one. */
  data?: Json;
  /** While an iteration runs. */
  list?: ListProgress;
};

export const forTask: TaskModule = {
  kind: 'for',
  matches: (node) => Object.hasOwn(node, 'for'),
  compile: (node, context) => body(compileLoop(node, context)),
};

function compileLoop(node: JsonObject, context: CompileContext): Loop {
  const each = nameOr(member(node.for, 'each'), 'item');
  const at = nameOr(member(node.for, 'at'), 'index');
  const locals = [each, at];
  return {
    each,
    at,
    in: context.transform(member(node.for, 'in') ?? null),
    while: typeof node.while === 'string' ? context.expression(node.while, locals) : null,
    list: context.list(node.do ?? null, 'do', locals),
  };
}

const nameOr = (value: Json | undefined, name: string): string => (typeof value === 'string' ? value : name);

function body(loop: Loop): TaskBody {
  return {
    durable: true,
    async run(frame, input, node) {
      node.body ??= { in: collection(loop, frame, input), at: 0, data: input } satisfies ForState;
      const state = node.body as ForState;
      while (state.at < state.in.length) {
        const turn = frame.run.turn();
        if (turn !== undefined) await turn;
        if (state.list === undefined) frame.bounds.check();
        if (!(await iterate(loop, frame, state))) break;
      }
      return state.data ?? null;
    },
    inside(state) {
      const { list } = state as ForState;
      return list === undefined ? [] : [{ name: 'do', list: loop.list, node: list }];
    },
  };
}

/** One iteration, or what is left of it; false when `while` ends the loop. */
async function iterate(loop: Loop, frame: Frame, state: ForState): Promise<boolean> {
  const locals = { [loop.each]: state.in[state.at] ?? null, [loop.at]: state.at };
  if (state.list === undefined) {
    const data = state.data ?? null;
    if (loop.while !== null && !frame.test(loop.while, data, locals)) return false;
    state.list = newList(loop.list, data);
    delete state.data;
  }
  const place = frame.inside({ locals, iteration: state.at });
  const output = await runList(frame.run, loop.list, state.list, place);
  state.data = output;
  delete state.list;
  state.at += 1;
  return true;
}

function collection(loop: Loop, frame: Frame, input: Json): Json[] {
  const value = frame.evaluate(loop.in, input);
  if (value === null) return [];
  if (Array.isArray(value)) return value;
  throw frame.fail('expression', 'The value of `for.in` is neither an array nor null.');
}
