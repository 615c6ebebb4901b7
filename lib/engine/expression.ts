/**
 * Runtime expressions (dsl.md, Runtime Expressions) in strict mode. Compiled once, evaluated often; a string that
 * comes out of an evaluation is data and is never evaluated again.
 */
import {
  compile,
  DEFAULT_LIMITS,
  JqError,
  JqLimitError,
  jsonSizeAtMost,
  truthy,
  type Json,
  type Limits,
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

/** What an evaluation takes from the task around it. */
export interface Scope {
  /** The value of a variable that the expression names. Called only for those it names. */
  variable(name: string): Json;
  /** JSON pointer of the task, for errors. */
  readonly instance: string;
  /** Epoch milliseconds, fixed for one evaluation. */
  nowMs(): number;
  readonly limits: Partial<Limits>;
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
    evaluate(data, scope) {
      const outputs = run(program, data, scope);
      if (outputs.length > 1) return outputs;
      return outputs[0] ?? null;
    },
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
 * Compiles a value in which only strings that are one whole `${ }` are expressions, at any depth. Keys are literal.
 * What it yields is bounded like the value of one expression: its parts may share structure, so that a few
 * kilobytes of template could stand for gigabytes of text.
 * @throws {JqSyntaxError} as `compileExpression`
 */
export function compileTemplate(value: Json, variables: readonly string[]): Template {
  const template = compileParts(value, variables);
  if (template.constant || typeof value === 'string') return template;
  return {
    constant: false,
    evaluate(data, scope) {
      const result = template.evaluate(data, scope);
      const maxBytes = scope.limits.maxBytes ?? DEFAULT_LIMITS.maxBytes;
      if (jsonSizeAtMost(result, maxBytes) <= maxBytes) return result;
      const detail = `The value of the template is larger than ${maxBytes} bytes (limit: bytes)`;
      throw new WorkflowError(standardError('expression', detail, scope.instance), 'task');
    },
  };
}

function compileParts(value: Json, variables: readonly string[]): Template {
  if (typeof value === 'string' && isStrictExpression(value)) {
    const expression = compileExpression(value, variables);
    return { constant: false, evaluate: (data, scope) => expression.evaluate(data, scope) };
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => compileParts(item, variables));
    if (items.every((item) => item.constant)) return constant(value);
    return { constant: false, evaluate: (data, scope) => items.map((item) => item.evaluate(data, scope)) };
  }
  if (typeof value === 'object' && value !== null) return compileMembers(value, variables);
  return constant(value);
}

/** `input.from`, `output.as`, `export.as`, `set`: text is always an expression, anything else a template. */
export function compileTransform(value: Json, variables: readonly string[]): Evaluable {
  return typeof value === 'string' ? compileExpression(value, variables) : compileTemplate(value, variables);
}

function compileMembers(value: JsonObject, variables: readonly string[]): Template {
  const members = Object.entries(value).map(([key, item]) => [key, compileParts(item, variables)] as const);
  if (members.every(([, item]) => item.constant)) return constant(value);
  return {
    constant: false,
    evaluate(data, scope) {
      const object: JsonObject = {};
      for (const [key, item] of members) setMember(object, key, item.evaluate(data, scope));
      return object;
    },
  };
}

const constant = (value: Json): Template => ({ constant: true, evaluate: () => value });

function run(program: Program, data: Json, scope: Scope): Json[] {
  const values = program.variables.map((name) => scope.variable(name));
  try {
    return program.run(data, values, { limits: scope.limits, nowSeconds: scope.nowMs() / 1000 });
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
