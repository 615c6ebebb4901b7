/** Names in scope at a place of the program. Bindings know their absolute level in the environment. */
import type { Ast, Definition } from './ast.ts';
import type { Node } from './machine.ts';
import type { FunctionTarget } from './node-call.ts';

/** A function that can be called: its definition and where its body lives. */
export interface FunctionEntry extends FunctionTarget {
  readonly definition: Definition;
  /** The names that its body sees beside its parameters; they include the function itself. */
  names: Scope | null;
  /** The number of bindings around its definition. */
  readonly level: number;
  /** Its body is compiled or being compiled for calls at run time. */
  started: boolean;
}

/** `level` is the number of bindings around this one. */
export type Binding =
  | { kind: 'variable' | 'label' | 'closure'; name: string; level: number }
  /** A closure parameter that is replaced by its argument, which belongs to the names and the depth of the call. */
  | { kind: 'argument'; name: string; body: Ast; names: Scope | null; depth: number }
  | { kind: 'function'; name: string; entry: FunctionEntry };

/** A list of bindings, the innermost first. */
export interface Scope {
  readonly binding: Binding;
  readonly outer: Scope | null;
}

/** Where an expression stands: the names it sees and the number of bindings around it. */
export interface Place {
  readonly names: Scope | null;
  readonly level: number;
}

/** Compiles a part of a program. */
export type Compile = (ast: Ast, place: Place) => Node;

/** The place inside a new variable or label. */
export function within(place: Place, kind: 'variable' | 'label', name: string): Place {
  const binding: Binding = { kind, name, level: place.level };
  return { names: { binding, outer: place.names }, level: place.level + 1 };
}

/** How far a binding is from a place inside it. */
export function distanceTo(place: Place, level: number): number {
  return place.level - 1 - level;
}

/** The innermost variable or label of the name, as its level. */
export function findLevel(names: Scope | null, kind: 'variable' | 'label', name: string): number | null {
  for (let scope = names; scope !== null; scope = scope.outer) {
    const { binding } = scope;
    if (binding.kind === kind && binding.name === name) return binding.level;
  }
  return null;
}

/** The innermost function or parameter of the name and arity. */
export function findCallable(names: Scope | null, name: string, arity: number): Binding | null {
  for (let scope = names; scope !== null; scope = scope.outer) {
    const { binding } = scope;
    if (binding.name !== name || binding.kind === 'variable' || binding.kind === 'label') continue;
    const parameters = binding.kind === 'function' ? binding.entry.definition.parameters.length : 0;
    if (parameters === arity) return binding;
  }
  return null;
}
