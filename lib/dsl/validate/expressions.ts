/** Expressions and templates: do they parse, and are the variables they name there at their stage? */
import { expressionSource, isStrictExpression, RUNTIME_VARIABLES } from '../../engine/expression.ts';
import { compile, JqSyntaxError, type Json } from '../../jq/index.ts';
import { embeddedRewrite, looksLikeExpression } from './literals.ts';
import type { Report } from './report.ts';
import { at } from './shape.ts';
import { didYouMean, listed, shown } from './text.ts';

/** Where an expression stands (dsl.md, Runtime expression arguments), or that it is read when a version is published. */
export type Stage =
  'publication' | 'workflow input' | 'task input' | 'definition' | 'export' | 'workflow output';

const AVAILABLE: Record<Stage, readonly string[]> = {
  publication: ['secrets'],
  'workflow input': ['secrets', 'workflow', 'runtime'],
  'task input': ['context', 'secrets', 'task', 'workflow', 'runtime'],
  definition: ['context', 'input', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  export: ['context', 'input', 'output', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  'workflow output': ['context', 'secrets', 'workflow', 'runtime'],
};

/** What other runtimes call `$secrets`. */
const SECRETS_ALIAS = 'secret';

/** Built into jq's grammar: not ours to define. */
const BUILT_IN = ['__loc__', 'ENV'];

type Compiled = ({ ok: true } & Parsed) | { ok: false; problem: string; hint?: string };

/** An expression that parses, and what it reads. */
interface Parsed {
  readonly variables: readonly string[];
  /** Names after `$secrets.`, where they stand there literally. */
  readonly secrets: readonly string[];
  /** Of the names after `$task.`, those that are in no task descriptor but are often looked for there. */
  readonly taskMembers: readonly string[];
}

/** So many of the names that one expression reads are looked at. */
const MAX_READ_NAMES = 50;

export class ExpressionChecks {
  private readonly report: Report;
  private readonly loose: boolean;
  private readonly secrets: ReadonlySet<string>;
  /** For messages; worked out once. */
  private knownSecrets: string | null = null;
  /** By source: every variable is let through here, so the answer does not depend on the place. */
  private readonly compiled = new Map<string, Compiled>();

  /**
   * @param options.loose any text of a template is tried as an expression (`evaluate.mode`)
   * @param options.secrets the names in `use.secrets`
   */
  constructor(report: Report, options: { loose: boolean; secrets: ReadonlySet<string> }) {
    this.report = report;
    this.loose = options.loose;
    this.secrets = options.secrets;
  }

  /** Text that is an expression by its place, bare or in `${ }`. */
  expression(text: string, path: string, stage: Stage, locals: readonly string[]): void {
    const source = expressionSource(text);
    if (source.trim() === '') {
      this.report.semantic(path, 'the expression is empty');
      return;
    }
    const compiled = this.compile(source);
    if (compiled.ok) this.checkUse(compiled, path, stage, locals);
    else {
      // Worked out once: a reusable policy is reported wherever it is used.
      if (!this.report.full) compiled.hint ??= hintFor(text);
      this.report.semantic(path, compiled.problem + (compiled.hint ?? ''));
    }
  }

  /**
   * Data in which strings that are one whole `${ }` are expressions, at any depth; in loose mode every string is one
   * that parses, and itself when it does not.
   */
  template(value: Json, path: string, stage: Stage, locals: readonly string[]): void {
    if (typeof value === 'string') {
      if (this.loose) this.looseText(value, path, stage, locals);
      else if (isStrictExpression(value)) this.expression(value, path, stage, locals);
      else this.literal(value, path, locals);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.template(item, at(path, index), stage, locals);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) this.template(item, at(path, key), stage, locals);
    }
  }

  /** `from`, `as` and `set`: text is an expression, anything else a template. */
  transform(value: Json, path: string, stage: Stage, locals: readonly string[]): void {
    if (typeof value === 'string') this.expression(value, path, stage, locals);
    else this.template(value, path, stage, locals);
  }

  /** Text of a template in loose mode. */
  private looseText(text: string, path: string, stage: Stage, locals: readonly string[]): void {
    const source = expressionSource(text);
    const compiled = source.trim() === '' ? null : this.compile(source);
    if (compiled?.ok === true && compiled.variables.every((name) => isDefined(name, locals))) {
      this.checkUse(compiled, path, stage, locals);
    } else if (isStrictExpression(text) && compiled?.ok === false) {
      this.report.warn(path, `${compiled.problem}; in loose mode the text stands for itself then`);
    } else this.literal(text, path, locals);
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

  private checkUse(parsed: Parsed, path: string, stage: Stage, locals: readonly string[]): void {
    for (const name of parsed.variables) {
      if (locals.includes(name)) continue;
      if (name === SECRETS_ALIAS) {
        this.report.warn(path, '`$secret` is read as `$secrets`, which is its name in the language');
      } else if (!isDefined(name, locals)) {
        this.report.semantic(path, this.report.full ? '' : undefinedVariable(name, locals));
      } else if (!AVAILABLE[stage].includes(name)) {
        this.report.warn(path, `\`$${name}\` is always null here; ${whereSet(name, stage)}`);
      }
      if (name === SECRETS_ALIAS || name === 'secrets') this.checkSecrets(parsed.secrets, path);
      if (name === 'task') {
        for (const key of parsed.taskMembers) {
          this.report.warn(path, `\`$task\` has no \`${key}\`; write \`$task.definition.${key}\``);
        }
      }
    }
  }

  private checkSecrets(names: readonly string[], path: string): void {
    for (const name of names) {
      if (this.secrets.has(name)) continue;
      this.knownSecrets ??= this.secrets.size === 0 ? 'it is empty' : `it has ${listed(this.secrets)}`;
      this.report.warn(path, `there is no ${shown(name)} in \`use.secrets\`; ${this.knownSecrets}`);
    }
  }
}

/** What would be right, for the mistakes that people make most. */
function hintFor(text: string): string {
  const rewrite = text.includes('${', text.indexOf('${') + 2) ? embeddedRewrite(text) : null;
  if (rewrite !== null) return `; if text with expressions is meant, write ${rewrite}`;
  if (text.includes("'")) return '; in jq, strings stand in double quotes';
  if (text.includes('&&') || text.includes('||')) return '; jq has `and` and `or`';
  if (/[!=]==/.test(text)) return '; jq compares with `==` and `!=`';
  const bare = OFFERED.find((name) => new RegExp(`(?<![$.\\w])${name}\\b`).test(text));
  return bare === undefined ? '' : `; the variable is \`$${bare}\``;
}

function compileOnce(source: string): Compiled {
  const names = new Set<string>();
  for (const match of source.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g)) {
    if (match[1] !== undefined && !BUILT_IN.includes(match[1])) names.add(match[1]);
  }
  try {
    return {
      ok: true,
      variables: compile(source, { variables: [...names] }).variables,
      secrets: namesAfter(source, /\$secrets?\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)/g),
      taskMembers: namesAfter(source, /\$task\s*\.\s*(call|with)\b/g),
    };
  } catch (error) {
    if (!(error instanceof JqSyntaxError)) throw error;
    return { ok: false, problem: `the expression ${shown(source.trim())} does not parse: ${error.message}` };
  }
}

function namesAfter(source: string, pattern: RegExp): string[] {
  const names = new Set<string>();
  for (const [, name] of source.matchAll(pattern)) {
    if (name !== undefined && names.size < MAX_READ_NAMES) names.add(name);
  }
  return [...names];
}

const RUNTIME: readonly string[] = RUNTIME_VARIABLES;
const OFFERED = RUNTIME.filter((name) => name !== SECRETS_ALIAS);
const isDefined = (name: string, locals: readonly string[]): boolean =>
  name === SECRETS_ALIAS || RUNTIME.includes(name) || locals.includes(name);

function undefinedVariable(name: string, locals: readonly string[]): string {
  const names = [...new Set([...locals, ...OFFERED])];
  const near = didYouMean(
    `$${name}`,
    names.map((known) => `$${known}`),
  );
  const hint = near === '' ? `; there are ${listed(names.map((known) => `$${known}`))}` : near;
  return `${shown(`$${name}`)} is not defined here${hint}`;
}

function whereSet(name: string, stage: Stage): string {
  if (stage === 'publication') return 'this is read when the workflow is published, before any run';
  if (name === 'output') return 'it is set in `export.as` only';
  if (name === 'authorization') return 'it is set by a call with authentication, from then on in its task';
  if (name === 'input') return 'it is set from `input.from` of the task on; `.` is the data here';
  return name === 'task' ? 'it is set in tasks only' : 'it is set once the workflow has started';
}
