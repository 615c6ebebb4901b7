/**
 * Runtime expressions (dsl.md, Runtime Expressions). Compiled once, evaluated often; a string that comes out of an
 * evaluation is data and is never evaluated again.
 */
import {
  compile,
  createMeter,
  JqError,
  JqLimitError,
  JqSyntaxError,
  truthy,
  type Json,
  type Limits,
  type Meter,
  type Program,
} from '../jq/index.ts';
import { standardError, WorkflowError } from './errors.ts';
import { setMember, type JsonObject } from './json.ts';

/** The variables every expression may name. Where one has no meaning, it is null. */
export const RUNTIME_VARIABLES = [
  'context',
  'input',
  'output',
  'secrets',
  'task',
  'workflow',
  'runtime',
  'authorization',
] as const;

/** `evaluate.mode` of a definition (dsl-reference, Evaluate); it matters inside templates alone. */
export type EvaluationMode = 'strict' | 'loose';

/** What an evaluation takes from the task around it. */
export interface Scope {
  /** The value of a variable that the expression names. Called only for those it names. */
  variable(name: string): Json;
  /** JSON pointer of the task, for errors. */
  readonly instance: string;
  /** Epoch milliseconds, fixed for one evaluation. */
  nowMs(): number;
  readonly limits: Partial<Limits>;
  /** A budget shared with other evaluations, in place of the limits; without it each has one of its own. */
  readonly meter?: Meter;
}

/** Anything compiled that yields a value: an expression, or a template with expressions inside. */
export interface Evaluable {
  /**
   * @param data what `.` is
   * @throws {WorkflowError} of type expression
   */
  evaluate(data: Json, scope: Scope): Json;
}

export interface Expression extends Evaluable {
  readonly source: string;
  /** As a condition: no output is false, several are an error, else jq's truthiness. */
  test(data: Json, scope: Scope): boolean;
}

export interface Template extends Evaluable {
  /** No expression inside: the value is the template itself. */
  readonly constant: boolean;
}

/** Whether the whole text is one `${ }` expression. Text with an expression inside is literal. */
export function isStrictExpression(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.length > 3 && trimmed.startsWith('${') && trimmed.endsWith('}');
}

/** The jq source: without the first `${` and the last `}`, or the text itself when it is bare. */
export function expressionSource(text: string): string {
  return isStrictExpression(text) ? text.trim().slice(2, -1) : text;
}

/**
 * Compiles text that is an expression by its place (`if`, `when`, `from`…): bare or in `${ }`.
 * @param variables names that may be used, without `$`
 * @throws {JqSyntaxError} when it does not parse or names an unknown variable
 */
export function compileExpression(text: string, variables: readonly string[]): Expression {
  const source = expressionSource(text);
  const program = compile(source, { variables });
  return {
    source,
    evaluate: (data, scope) => valueOf(run(program, data, scope)),
    test(data, scope) {
      const outputs = run(program, data, scope);
      if (outputs.length > 1) {
        throw expressionError(source, `it gave ${outputs.length} outputs, and a condition has one`, scope);
      }
      return outputs[0] !== undefined && truthy(outputs[0]);
    },
  };
}

/**
 * Compiles a value with expressions inside, at any depth. In strict mode they are the strings that are one whole
 * `${ }`; in loose mode every string is tried, and one that does not compile or fails is itself. Keys are literal.
 * All expressions of a template share one budget, and their values count together: they may share structure, so that
 * a few kilobytes of template could stand for gigabytes of text.
 * @throws {JqSyntaxError} as `compileExpression`, in strict mode
 */
export function compileTemplate(
  value: Json,
  variables: readonly string[],
  mode: EvaluationMode = 'strict',
): Template {
  const part = compilePart(value, variables, mode);
  if (part === null) return { constant: true, evaluate: () => value };
  // One expression alone need not count what is no more than a part of its input.
  const counted = typeof value !== 'string';
  return {
    constant: false,
    evaluate: (data, scope) => part(data, scope, { meter: budgetOf(scope), counted }),
  };
}

/**
 * `input.from`, `output.as`, `export.as`, `set`: text is always an expression, anything else a template.
 * @throws {JqSyntaxError}
 */
export function compileTransform(
  value: Json,
  variables: readonly string[],
  mode: EvaluationMode = 'strict',
): Evaluable {
  return typeof value === 'string'
    ? compileExpression(value, variables)
    : compileTemplate(value, variables, mode);
}

/** A part of a template that holds an expression. */
type Part = (data: Json, scope: Scope, budget: Budget) => Json;

/** null: the part is constant. */
function compilePart(value: Json, variables: readonly string[], mode: EvaluationMode): Part | null {
  if (typeof value === 'string') {
    if (mode === 'loose') return compileLoose(value, variables);
    if (!isStrictExpression(value)) return null;
    const program = compile(expressionSource(value), { variables });
    return (data, scope, budget) => valueOf(run(program, data, scope, budget));
  }
  if (typeof value !== 'object' || value === null) return null;
  const parts = Object.entries(value).map(([key, item]) => {
    const part = compilePart(item, variables, mode);
    return { key, part, evaluate: part ?? ((): Json => item) };
  });
  if (parts.every(({ part }) => part === null)) return null;
  if (Array.isArray(value)) {
    return (data, scope, budget) => parts.map(({ evaluate }) => evaluate(data, scope, budget));
  }
  return (data, scope, budget) => {
    const object: JsonObject = {};
    for (const { key, evaluate } of parts) setMember(object, key, evaluate(data, scope, budget));
    return object;
  };
}

/** Text that jq takes for the empty program, which is `.`: blank, or beginning with a comment. */
const NO_PROGRAM = /^\s*(?:#|$)/;

function compileLoose(text: string, variables: readonly string[]): Part | null {
  const source = expressionSource(text);
  if (NO_PROGRAM.test(source)) return null;
  let program: Program;
  try {
    program = compile(source, { variables });
  } catch (error) {
    if (error instanceof JqSyntaxError) return null;
    throw error;
  }
  return (data, scope, budget) => {
    try {
      return valueOf(run(program, data, scope, budget));
    } catch (error) {
      if (error instanceof WorkflowError && error.cause instanceof JqError) return text;
      throw error;
    }
  };
}

/** No output is null, several are an array. */
const valueOf = (outputs: Json[]): Json => (outputs.length > 1 ? outputs : (outputs[0] ?? null));

interface Budget {
  readonly meter: Meter;
  /** There are other values beside that of this expression. */
  readonly counted: boolean;
}

const budgetOf = (scope: Scope): Meter => scope.meter ?? createMeter(scope.limits);

function run(program: Program, data: Json, scope: Scope, shared?: Budget): Json[] {
  const budget = shared ?? { meter: budgetOf(scope), counted: false };
  const values = program.variables.map((name) => scope.variable(name));
  try {
    return program.run(data, values, { ...budget, nowSeconds: scope.nowMs() / 1000 });
  } catch (error) {
    if (error instanceof JqLimitError) {
      throw expressionError(program.source, `${error.message} (limit: ${error.limit})`, scope, error);
    }
    if (error instanceof JqError) throw expressionError(program.source, error.message, scope, error);
    throw error;
  }
}

function expressionError(source: string, reason: string, scope: Scope, cause?: Error): WorkflowError {
  const detail = `The expression ${shorten(source.trim(), 200)} failed: ${shorten(reason, 500)}`;
  const error = standardError('expression', detail, scope.instance);
  return new WorkflowError(error, 'task', cause === undefined ? {} : { cause });
}

/** At most `max` UTF-16 units, never half a surrogate pair. */
const shorten = (text: string, max: number): string =>
  text.length > max ? `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
