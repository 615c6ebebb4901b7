/**
 * A bounded jq 1.8 engine. A program is compiled once and run often; each run has budgets of steps, memory, depth,
 * outputs and time. Inputs and variables are never changed, and nothing outside the arguments is read.
 */
import { Compiler, TOP } from './compiler.ts';
import { JqError, JqLimitError, JqSyntaxError, JqThrow } from './errors.ts';
import type { Json } from './json.ts';
import type { Limits } from './limits.ts';
import { DEFAULT_LIMITS, Meter, unlimited } from './limits.ts';
import type { Node } from './machine.ts';
import { Machine } from './machine.ts';
import { compareValues, equalValues } from './order.ts';
import { parseProgram } from './parser.ts';
import { finiteJson } from './result.ts';

export { JqError, JqLimitError, JqSyntaxError } from './errors.ts';
export type { Json } from './json.ts';
export { truthy, typeName } from './json.ts';
export { jsonSizeAtMost } from './json-size.ts';
export { toJsonText } from './json-text.ts';
export type { Limits } from './limits.ts';
export { DEFAULT_LIMITS } from './limits.ts';
export type { Meter } from './limits.ts';

/** A compiled program; it keeps no state between runs. */
export interface Program {
  readonly source: string;
  /** Free variables used ($input, $context …), in the order in which `run` takes their values. */
  readonly variables: readonly string[];
  /**
   * Evaluates the program and gives all its outputs.
   * @param input the value of `.`
   * @param values one value for each of `variables`
   * @param options budgets that differ from {@link DEFAULT_LIMITS}; the clock for `now`, in seconds
   * @throws {JqError} for a jq error that no `try` caught
   * @throws {JqLimitError} when a budget runs out, also for the outputs or for the value of an error
   */
  run(input: Json, values: readonly Json[], options?: RunOptions): Json[];
}

interface RunOptions {
  limits?: Partial<Limits>;
  /** In place of limits: a budget shared with other evaluations. */
  meter?: Meter;
  /** Counts every output, also one that is no more than a part of the input: there are outputs of others beside it. */
  counted?: boolean;
  nowSeconds?: number;
}

/** One budget for several evaluations; its time runs from now. */
export function createMeter(limits: Partial<Limits>): Meter {
  return new Meter({ ...DEFAULT_LIMITS, ...limits });
}

function evaluate(node: Node, machine: Machine, input: Json, counted: boolean): Json[] {
  const { meter } = machine;
  const outputs: Json[] = [];
  try {
    machine.run(node, input, null, (value) => {
      if (outputs.length >= meter.limits.maxOutputs)
        throw new JqLimitError('outputs', meter.limits.maxOutputs);
      // A single part of the input is no larger than the input; many of them may be.
      outputs.push(node.shares && outputs.length === 0 && !counted ? value : finiteJson(value, meter));
      return false;
    });
    return outputs;
  } catch (error) {
    // The value of an error leaves the evaluation as outputs do: as JSON can hold it, and within the limits.
    if (error instanceof JqThrow) throw new JqError(finiteJson(error.value, meter));
    throw error;
  }
}

function run(node: Node, input: Json, values: readonly Json[], options: RunOptions = {}): Json[] {
  const meter = options.meter ?? createMeter(options.limits ?? DEFAULT_LIMITS);
  const machine = new Machine(meter, values, options.nowSeconds ?? Date.now() / 1000);
  try {
    return evaluate(node, machine, input, options.counted ?? false);
  } catch (error) {
    // The machine bounds its own stack; this is the last resort for a builtin on a very deep value.
    if (error instanceof RangeError) throw new JqLimitError('depth', meter.limits.maxDepth, { cause: error });
    throw error;
  }
}

/**
 * Compiles a program.
 * @param source jq text, at most 64 KiB
 * @param options `variables`: the names, with or without `$`, that the program may use without binding them
 * @throws {JqSyntaxError} with the place of the mistake
 */
export function compile(source: string, options: { variables: readonly string[] }): Program {
  const spelling = new Map(options.variables.map((name) => [name.replace(/^\$/, ''), name]));
  const compiler = new Compiler(source, new Set(spelling.keys()));
  let node: Node;
  try {
    node = compiler.compile(parseProgram(source), TOP);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new JqSyntaxError('the expression is nested too deep', source, 0);
  }
  const variables = compiler.used.map((name) => spelling.get(name) ?? name);
  return { source, variables, run: (input, values, runOptions) => run(node, input, values, runOptions) };
}

/** Compares two values in jq's order: below 0, 0 or above 0. */
export function compare(left: Json, right: Json): number {
  return compareValues(left, right, unlimited());
}

/** jq's `==`. */
export function equals(left: Json, right: Json): boolean {
  return equalValues(left, right, unlimited());
}
