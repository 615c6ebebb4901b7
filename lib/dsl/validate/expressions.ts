/** Expressions and templates: do they parse, and are the variables they name there at their stage? */
import { expressionSource, isStrictExpression, RUNTIME_VARIABLES } from '../../engine/expression.ts';
import { compile, JqSyntaxError, type Json } from '../../jq/index.ts';
import { embeddedRewrite, looksLikeExpression } from './literals.ts';
import type { Report } from './report.ts';
import { at } from './shape.ts';
import { didYouMean, listed, shown } from './text.ts';

/** Where an expression stands (dsl.md, Runtime expression arguments). */
export type Stage = 'workflow input' | 'task input' | 'definition' | 'export' | 'workflow output';

const AVAILABLE: Record<Stage, readonly string[]> = {
  'workflow input': ['workflow', 'runtime'],
  'task input': ['context', 'task', 'workflow', 'runtime'],
  definition: ['context', 'input', 'task', 'workflow', 'runtime'],
  export: ['context', 'input', 'output', 'task', 'workflow', 'runtime'],
  'workflow output': ['context', 'workflow', 'runtime'],
};

/** Runtime variables of features that are not supported yet. */
const NOT_YET = ['secrets', 'authorization'];

/** Built into jq's grammar: not ours to define. */
const BUILT_IN = ['__loc__', 'ENV'];

type Compiled = { ok: true; variables: readonly string[] } | { ok: false; problem: string };

export class ExpressionChecks {
  private readonly report: Report;
  /** By source: every variable is let through here, so the answer does not depend on the place. */
  private readonly compiled = new Map<string, Compiled>();

  constructor(report: Report) {
    this.report = report;
  }

  /** Text that is an expression by its place, bare or in `${ }`. */
  expression(text: string, path: string, stage: Stage, locals: readonly string[]): void {
    const source = expressionSource(text);
    if (source.trim() === '') {
      this.report.error(path, 'the expression is empty');
      return;
    }
    const compiled = this.compile(source);
    if (compiled.ok) this.checkVariables(compiled.variables, path, stage, locals);
    else this.report.error(path, this.report.full ? '' : compiled.problem + this.hint(text));
  }

  /** Data in which only strings that are one whole `${ }` are expressions, at any depth. */
  template(value: Json, path: string, stage: Stage, locals: readonly string[]): void {
    if (typeof value === 'string') {
      if (isStrictExpression(value)) this.expression(value, path, stage, locals);
      else this.literal(value, path, locals);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.template(item, at(path, index), stage, locals);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) this.template(item, at(path, key), stage, locals);
    }
  }

  /** `from` and `as`: text is an expression, an object a template; nothing else is allowed. */
  transform(value: Json, path: string, stage: Stage, locals: readonly string[], name: string): void {
    if (typeof value === 'string') this.expression(value, path, stage, locals);
    else if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      this.template(value, path, stage, locals);
    } else this.report.error(path, `${name} must be an expression or an object`);
  }

  /** Warns where text that is taken literally seems to be meant as an expression. */
  private literal(text: string, path: string, locals: readonly string[]): void {
    const rewrite = embeddedRewrite(text);
    if (rewrite !== null) {
      this.report.warn(
        path,
        `the text is taken literally, because only a whole text is an expression; write ${rewrite}`,
      );
    } else if (looksLikeExpression(text)) {
      const compiled = this.compile(text);
      if (!compiled.ok || !compiled.variables.every((name) => isDefined(name, locals))) return;
      this.report.warn(
        path,
        `${shown(text)} looks like an expression, but is taken literally; write ${shown(`\${ ${text.trim()} }`)} to have it evaluated`,
      );
    }
  }

  private compile(source: string): Compiled {
    let result = this.compiled.get(source);
    if (result === undefined) {
      result = compileOnce(source);
      this.compiled.set(source, result);
    }
    return result;
  }

  private checkVariables(
    variables: readonly string[],
    path: string,
    stage: Stage,
    locals: readonly string[],
  ): void {
    for (const name of variables) {
      if (locals.includes(name)) continue;
      if (!isDefined(name, locals)) this.report.error(path, undefinedVariable(name, locals));
      else if (NOT_YET.includes(name)) this.report.unsupported(path, `$${name}`);
      else if (!AVAILABLE[stage].includes(name)) {
        this.report.warn(path, `\`$${name}\` is always null here; ${whereSet(name)}`);
      }
    }
  }

  /** What would be right, for the mistakes that people make most. */
  private hint(text: string): string {
    const rewrite = text.includes('${', text.indexOf('${') + 2) ? embeddedRewrite(text) : null;
    if (rewrite !== null) return `; if text with expressions is meant, write ${rewrite}`;
    if (text.includes("'")) return '; in jq, strings stand in double quotes';
    if (text.includes('&&') || text.includes('||')) return '; jq has `and` and `or`';
    if (/[!=]==/.test(text)) return '; jq compares with `==` and `!=`';
    const bare = RUNTIME.find((name) => new RegExp(`(?<![$.\\w])${name}\\b`).test(text));
    return bare === undefined ? '' : `; the variable is \`$${bare}\``;
  }
}

function compileOnce(source: string): Compiled {
  const names = new Set<string>();
  for (const match of source.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g)) {
    if (match[1] !== undefined && !BUILT_IN.includes(match[1])) names.add(match[1]);
  }
  try {
    return { ok: true, variables: compile(source, { variables: [...names] }).variables };
  } catch (error) {
    if (!(error instanceof JqSyntaxError)) throw error;
    return { ok: false, problem: `the expression ${shown(source.trim())} does not parse: ${error.message}` };
  }
}

const RUNTIME: readonly string[] = RUNTIME_VARIABLES;
const isDefined = (name: string, locals: readonly string[]): boolean =>
  RUNTIME.includes(name) || locals.includes(name);

function undefinedVariable(name: string, locals: readonly string[]): string {
  const names = [...new Set([...locals, ...RUNTIME.filter((known) => !NOT_YET.includes(known))])];
  const near = didYouMean(
    `$${name}`,
    names.map((known) => `$${known}`),
  );
  const hint = near === '' ? `; there are ${listed(names.map((known) => `$${known}`))}` : near;
  return `${shown(`$${name}`)} is not defined here${hint}`;
}

function whereSet(name: string): string {
  if (name === 'output') return 'it is set in `export.as` only';
  if (name === 'input') return 'it is set from `input.from` of the task on; `.` is the data here';
  return name === 'task' ? 'it is set in tasks only' : 'it is set once the workflow has started';
}
