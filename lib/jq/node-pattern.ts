/** Patterns behind `as`: the ways to bind variables to the parts of a value. */
import type { Json } from './json.ts';
import { HEADER_BYTES } from './limits.ts';
import type { Machine, Node } from './machine.ts';
import { Environment } from './machine.ts';
import { getIndex } from './paths.ts';

type Env = Environment | null;

/** One compiled pattern: every way to bind its variables to the parts of a value. */
export interface Binder {
  /** Set when there is one way at most. */
  readonly direct: ((machine: Machine, value: Json, env: Env) => Env | undefined) | null;
  readonly all: (machine: Machine, value: Json, env: Env) => Env[];
}

/** Reads the parts of a value: each found list holds the values of the variables in order. */
export type Extract = (machine: Machine, value: Json, env: Env) => Json[][];

/** `$name` alone. */
export const plainBinder: Binder = {
  direct: (_machine, value, env) => new Environment(env, value),
  all: (_machine, value, env) => [new Environment(env, value)],
};

/** A pattern that takes a value apart; `slots` places each found value among the variables bound together. */
export function patternBinder(
  extract: Extract,
  slots: readonly number[],
  variableCount: number,
  isSingle: boolean,
): Binder {
  const bindFound = (machine: Machine, found: readonly Json[], env: Env): Env => {
    const bound: Json[] = Array.from({ length: variableCount }, () => null);
    slots.forEach((slot, at) => (bound[slot] = found[at] ?? null));
    machine.meter.charge(HEADER_BYTES * variableCount);
    return bound.reduce<Env>((inner, item) => new Environment(inner, item), env);
  };
  const single: Binder['direct'] = (machine, value, env) => {
    const [found] = extract(machine, value, env);
    return found === undefined ? undefined : bindFound(machine, found, env);
  };
  return {
    direct: isSingle ? single : null,
    all: (machine, value, env) => extract(machine, value, env).map((found) => bindFound(machine, found, env)),
  };
}

/** A part of a pattern: what is read from the value, and what happens to it. */
export interface PatternPart {
  key: Node;
  /** Binds the part itself. */
  bindsSelf: boolean;
  inner: Extract | null;
}

/** Reads several parts of one value; keys may have several outputs. */
export function extractParts(parts: readonly PatternPart[]): Extract {
  return (machine, value, env) => {
    let found: Json[][] = [[]];
    for (const { key, bindsSelf, inner } of parts) {
      const readings: Json[][] = [];
      const read = (name: Json): false => {
        const part = getIndex(value, name, machine.meter);
        const nested = inner === null ? [[]] : inner(machine, part, env);
        for (const rest of nested) readings.push(bindsSelf ? [part, ...rest] : rest);
        machine.meter.charge(HEADER_BYTES * nested.length);
        return false;
      };
      if (key.each === null) machine.inner().run(key, value, env, read);
      else key.each(machine, value, env, read);
      found = found.flatMap((known) => readings.map((more) => [...known, ...more]));
      machine.meter.tick(found.length);
    }
    return found;
  };
}

/** A pattern that is a variable. */
export const extractSelf: Extract = (_machine, value) => [[value]];
