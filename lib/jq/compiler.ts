/**
 * Syntax tree to nodes. Calls of functions that are not recursive are replaced by the function's body, as long as
 * the program stays small: arguments are call by name in jq, so this changes nothing but the speed.
 */
import type { Ast, Definition, Of } from './ast.ts';
import { FAST_FORMS, SPECIAL_FORMS, callsItself, isUnavailable, textBuiltins } from './builtins.ts';
import { compileAccumulator } from './compile-accumulator.ts';
import { compileConstructor } from './compile-constructor.ts';
import { compileOperator, compileUpdate } from './compile-operator.ts';
import { compilePatterns } from './compile-pattern.ts';
import { JqSyntaxError } from './errors.ts';
import type { Node } from './machine.ts';
import { NATIVES } from './natives.ts';
import { callNative, comma, condition, identity, logical, pipe } from './node-basic.ts';
import { bind, foreach, plainBinder, reduce } from './node-bind.ts';
import type { Argument } from './node-control.ts';
import {
  alternative,
  breakTo,
  callClosure,
  callFunction,
  globalVariable,
  label,
  tryCatch,
  variable,
} from './node-control.ts';
import { index, iterate, recurse } from './node-path.ts';
import { literal } from './node.ts';
import type { Compile, FunctionEntry, Place } from './scope.ts';
import { distanceTo, findCallable, findLevel, within } from './scope.ts';

/** Function bodies are copied into their calls while a program has fewer nodes than this. */
const MAX_INLINED_NODES = 5000;
const MAX_INLINE_DEPTH = 12;
/** Arguments are copied to each use, so a small program can grow; beyond this it is refused. */
const MAX_NODES = 100_000;

type ScopedKind = 'variable' | 'call' | 'if' | 'reduce' | 'foreach' | 'bind' | 'label' | 'break' | 'define';

/** Joins parts as a balanced tree: `|` and `,` are associative, and a low tree needs little stack. */
function balanced(parts: readonly Node[], join: (left: Node, right: Node) => Node): Node {
  const [first = identity] = parts;
  if (parts.length < 2) return first;
  const middle = parts.length >> 1;
  return join(balanced(parts.slice(0, middle), join), balanced(parts.slice(middle), join));
}

/** Compiles one program. */
export class Compiler {
  /** The free variables in the order of their first use. */
  readonly used: string[] = [];
  private readonly source: string;
  private readonly variables: ReadonlySet<string>;
  private readonly builtinEntries = new Map<Definition, FunctionEntry>();
  private inlineDepth = 0;
  private nodeCount = 0;

  constructor(source: string, variables: ReadonlySet<string>) {
    this.source = source;
    this.variables = variables;
  }

  /** Compiles an expression at its place. */
  readonly compile: Compile = (ast, place) => {
    if (++this.nodeCount > MAX_NODES) throw this.error('the program is too large', 0);
    const { compile } = this;
    switch (ast.kind) {
      case 'identity':
        return identity;
      case 'recurse':
        return recurse;
      case 'literal':
        return literal(ast.value);
      case 'index':
        return index(compile(ast.target, place), compile(ast.key, place), ast.optional);
      case 'iterate':
        return iterate(compile(ast.target, place), ast.optional);
      case 'try':
        return tryCatch(compile(ast.body, place), ast.handler === null ? null : compile(ast.handler, place));
      case 'pipe':
        return balanced(
          ast.parts.map((part) => compile(part, place)),
          pipe,
        );
      case 'comma':
        return balanced(
          ast.parts.map((part) => compile(part, place)),
          comma,
        );
      case 'binary':
        return compileOperator(ast.operator, compile(ast.left, place), compile(ast.right, place));
      case 'and':
      case 'or':
        return logical(compile(ast.left, place), compile(ast.right, place), ast.kind === 'or');
      case 'alternative':
        return alternative(compile(ast.left, place), compile(ast.right, place));
      case 'update':
        return compileUpdate(ast.operator, compile(ast.target, place), compile(ast.value, place));
      case 'format':
      case 'template':
      case 'array':
      case 'object':
      case 'slice':
      case 'negate':
        return compileConstructor(ast, place, compile, (message, at) => this.error(message, at));
      case 'variable':
      case 'call':
      case 'if':
      case 'reduce':
      case 'foreach':
      case 'bind':
      case 'label':
      case 'break':
      case 'define':
        return this.scoped(ast, place);
      default:
        return ast satisfies never;
    }
  };

  /** Expressions that use names or bring new ones. */
  private scoped(ast: Of<ScopedKind>, place: Place): Node {
    const { compile } = this;
    switch (ast.kind) {
      case 'variable':
        return this.variable(ast, place);
      case 'call':
        return this.call(ast, place);
      case 'if':
        return ast.branches.reduceRight(
          (otherwise, branch) =>
            condition(compile(branch.condition, place), compile(branch.body, place), otherwise),
          ast.otherwise === null ? identity : compile(ast.otherwise, place),
        );
      case 'reduce':
      case 'foreach':
        return this.fold(ast, place);
      case 'bind': {
        const { binders, inner } = compilePatterns(ast.patterns, place, compile);
        return bind(compile(ast.source, place), binders, compile(ast.body, inner));
      }
      case 'label':
        return label(compile(ast.body, within(place, 'label', ast.name)));
      case 'break': {
        const level = findLevel(place.names, 'label', ast.name);
        if (level === null) throw this.error(`$*label-${ast.name} is not defined`, ast.at);
        return breakTo(distanceTo(place, level));
      }
      case 'define':
        return this.define(ast, place);
      default:
        return ast satisfies never;
    }
  }

  private variable({ name, at }: Of<'variable'>, place: Place): Node {
    const level = findLevel(place.names, 'variable', name);
    if (level !== null) return variable(distanceTo(place, level));
    if (!this.variables.has(name)) {
      const isHost = name === 'ENV' || name === '__prog_args';
      throw this.error(isHost ? `$${name} is not available in a workflow` : `$${name} is not defined`, at);
    }
    if (!this.used.includes(name)) this.used.push(name);
    return globalVariable(this.used.indexOf(name));
  }

  private fold(ast: Of<'reduce' | 'foreach'>, place: Place): Node {
    const { compile } = this;
    const { binders, inner } = compilePatterns(ast.patterns, place, compile);
    const source = compile(ast.source, place);
    const initial = compile(ast.initial, place);
    const update = compile(ast.update, inner);
    if (ast.kind === 'reduce') {
      return reduce(source, binders, initial, update, compileAccumulator(ast.update, inner, compile));
    }
    return foreach(
      source,
      binders,
      initial,
      update,
      ast.extract === null ? identity : compile(ast.extract, inner),
    );
  }

  private define({ definitions, body }: Of<'define'>, place: Place): Node {
    let { names } = place;
    for (const definition of definitions) {
      const entry: FunctionEntry = {
        definition,
        names: null,
        level: place.level,
        started: false,
        body: null,
      };
      names = { binding: { kind: 'function', name: definition.name, entry }, outer: names };
      entry.names = names;
      // Unused functions are checked for unknown names too.
      this.compileBody(entry);
    }
    return this.compile(body, { names, level: place.level });
  }

  private call(ast: Of<'call'>, place: Place): Node {
    const { name, args } = ast;
    const callable = findCallable(place.names, name, args.length);
    if (callable === null) return this.callBuiltin(ast, place);
    if (callable.kind === 'argument') {
      const { body, names, depth } = callable;
      return this.atDepth(depth, () => this.compile(body, { names, level: place.level }));
    }
    if (callable.kind === 'function') return this.callEntry(callable.entry, args, place);
    return callClosure(distanceTo(place, callable.level));
  }

  private callBuiltin({ name, args, at }: Of<'call'>, place: Place): Node {
    const key = `${name}/${args.length}`;
    const compiled = (): Node[] => args.map((arg) => this.compile(arg, place));
    const fast = FAST_FORMS.get(key)?.(compiled()) ?? null;
    if (fast !== null) return fast;
    const definition = textBuiltins().get(key);
    if (definition !== undefined) return this.callEntry(this.builtinEntry(definition), args, place);
    const special = SPECIAL_FORMS.get(key);
    if (special !== undefined) return special(compiled());
    const native = NATIVES.get(key);
    if (native !== undefined) return callNative(native, compiled());
    throw this.error(
      isUnavailable(name) ? `\`${name}\` is not available in a workflow` : `${key} is not defined`,
      at,
    );
  }

  private builtinEntry(definition: Definition): FunctionEntry {
    let entry = this.builtinEntries.get(definition);
    if (entry === undefined) {
      entry = { definition, names: null, level: 0, started: false, body: null };
      entry.names = { binding: { kind: 'function', name: definition.name, entry }, outer: null };
      this.builtinEntries.set(definition, entry);
    }
    return entry;
  }

  private callEntry(entry: FunctionEntry, args: readonly Ast[], place: Place): Node {
    const { definition } = entry;
    const canInline =
      this.nodeCount < MAX_INLINED_NODES && this.inlineDepth < MAX_INLINE_DEPTH && !callsItself(definition);
    if (!canInline) {
      this.compileBody(entry);
      const closures = args.map((arg) => this.argument(arg, place));
      return callFunction(entry, place.level - entry.level, closures);
    }
    const depth = this.inlineDepth;
    let { names } = entry;
    definition.parameters.forEach(({ name }, at) => {
      const body: Ast = args[at] ?? { kind: 'identity' };
      names = { binding: { kind: 'argument', name, body, names: place.names, depth }, outer: names };
    });
    return this.atDepth(depth + 1, () => this.body(definition, { names, level: place.level }));
  }

  /** A closure for a call at run time; a parameter that is only handed on needs no new one. */
  private argument(arg: Ast, place: Place): Argument {
    if (arg.kind === 'call' && arg.args.length === 0) {
      const callable = findCallable(place.names, arg.name, 0);
      if (callable?.kind === 'closure') return { distance: distanceTo(place, callable.level) };
    }
    return { node: this.compile(arg, place) };
  }

  /** Compiles the body of a function for calls at run time, once. */
  private compileBody(entry: FunctionEntry): void {
    if (entry.started) return;
    entry.started = true;
    const { definition, level } = entry;
    let { names } = entry;
    definition.parameters.forEach(({ name }, at) => {
      names = { binding: { kind: 'closure', name, level: level + at }, outer: names };
    });
    entry.body = this.body(definition, { names, level: level + definition.parameters.length });
  }

  /** The body with its `$name` parameters bound, the first one outermost. */
  private body(definition: Definition, place: Place): Node {
    let inner = place;
    const sources: Node[] = [];
    for (const { name, isVariable } of definition.parameters) {
      if (!isVariable) continue;
      sources.push(
        this.compile({ kind: 'call', name, args: [], at: 0 }, { names: place.names, level: inner.level }),
      );
      inner = within(inner, 'variable', name);
    }
    const body = this.compile(definition.body, inner);
    return sources.reduceRight((node, source) => bind(source, [plainBinder], node), body);
  }

  private atDepth(depth: number, build: () => Node): Node {
    const before = this.inlineDepth;
    this.inlineDepth = depth;
    const node = build();
    this.inlineDepth = before;
    return node;
  }

  private error(message: string, at: number): JqSyntaxError {
    return new JqSyntaxError(message, this.source, at);
  }
}

/** The place at the top of a program. */
export const TOP: Place = { names: null, level: 0 };
