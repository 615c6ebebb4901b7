/**
 * Calls and definitions of functions. Calls of functions that are not recursive are replaced by the function's body,
 * as long as the program stays small: arguments are call by name in jq, so this changes nothing but the speed.
 */
import type { Ast, Definition, Of } from './ast.ts';
import { FAST_FORMS, SPECIAL_FORMS, callsItself, isUnavailable, textBuiltins } from './builtins.ts';
import type { JqSyntaxError } from './errors.ts';
import type { Node } from './machine.ts';
import { NATIVES } from './natives.ts';
import { bind } from './node-bind.ts';
import type { Argument } from './node-call.ts';
import { callClosure, callFunction } from './node-call.ts';
import { callNative } from './node-native.ts';
import { plainBinder } from './node-pattern.ts';
import type { Compile, FunctionEntry, Place } from './scope.ts';
import { distanceTo, findCallable, within } from './scope.ts';

/** Function bodies are copied into their calls while a program has fewer nodes than this. */
const MAX_INLINED_NODES = 5000;
const MAX_INLINE_DEPTH = 12;

/** What calls need to know of the program around them. */
interface Surroundings {
  compile: Compile;
  /** The number of nodes compiled so far. */
  countNodes: () => number;
  error: (message: string, at: number) => JqSyntaxError;
}

/** Compiles the calls and definitions of one program. */
export class CallCompiler {
  private readonly compile: Compile;
  private readonly countNodes: () => number;
  private readonly error: (message: string, at: number) => JqSyntaxError;
  private readonly builtinEntries = new Map<Definition, FunctionEntry>();
  private inlineDepth = 0;

  constructor({ compile, countNodes, error }: Surroundings) {
    this.compile = compile;
    this.countNodes = countNodes;
    this.error = error;
  }

  /** `def f: …; body` */
  define({ definitions, body }: Of<'define'>, place: Place): Node {
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

  /** A call of a function in scope or a builtin. */
  call(ast: Of<'call'>, place: Place): Node {
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
      this.countNodes() < MAX_INLINED_NODES &&
      this.inlineDepth < MAX_INLINE_DEPTH &&
      !callsItself(definition);
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
}
