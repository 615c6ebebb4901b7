/** Members of objects (core 10.3.2, validation 6.5). */
import type { Json } from '../../jq/index.ts';
import { isObject, type JsonObject } from '../../jq/json.ts';
import { check, checkPart, type SchemaNode } from '../node.ts';
import type { Pattern } from '../pattern.ts';
import { listNames, quote } from '../problem.ts';
import type { Keyword, Validation } from '../validation.ts';
import type { KeywordContext, KeywordFactory } from './context.ts';

/** An assertion about objects; all other values pass. */
const onObject =
  (assertion: (value: JsonObject, run: Validation, evaluated: Parameters<Keyword>[2]) => boolean): Keyword =>
  (value, run, evaluated) =>
    !isObject(value) || assertion(value, run, evaluated);

const partOf = (value: JsonObject, name: string): Json => value[name] ?? null;

export const properties: KeywordFactory = (_value, context) => {
  const nodes = context.map();
  if (nodes.size === 0) return null;
  return onObject((value, run, evaluated) => {
    run.meter.tick(nodes.size >> 2);
    let valid = true;
    for (const [name, node] of nodes) {
      if (!Object.hasOwn(value, name)) continue;
      if (checkPart(node, partOf(value, name), name, run)) evaluated?.addProperty(name);
      else {
        valid = false;
        if (!run.collecting) return false;
      }
    }
    return valid;
  });
};

/** Patterns with their schemas. */
function patternsOf(context: KeywordContext): [Pattern, SchemaNode][] {
  const found: [Pattern, SchemaNode][] = [];
  for (const [text, node] of context.map()) {
    const pattern = context.pattern(text, text);
    if (pattern !== null) found.push([pattern, node]);
  }
  return found;
}

export const patternProperties: KeywordFactory = (_value, context) => {
  const patterns = patternsOf(context);
  if (patterns.length === 0) return null;
  return onObject((value, run, evaluated) => {
    let valid = true;
    for (const name of Object.keys(value)) {
      for (const [pattern, node] of patterns) {
        if (!pattern.test(name, run.meter)) continue;
        if (checkPart(node, partOf(value, name), name, run)) evaluated?.addProperty(name);
        else {
          valid = false;
          if (!run.collecting) return false;
        }
      }
    }
    return valid;
  });
};

/** Tells which members `properties` and `patternProperties` of the same schema leave over. */
function leftOver(context: KeywordContext): {
  known: ReadonlySet<string>;
  isLeft: (name: string, run: Validation) => boolean;
} {
  const named = context.sibling('properties');
  const known = new Set(named !== undefined && isObject(named) ? Object.keys(named) : []);
  const matched = context.sibling('patternProperties');
  const patterns: Pattern[] = [];
  if (matched !== undefined && isObject(matched)) {
    for (const text of Object.keys(matched)) {
      // A bad pattern is reported where it stands.
      const pattern = context.quietPattern(text);
      if (pattern !== null) patterns.push(pattern);
    }
  }
  return {
    known,
    isLeft: (name, run) => !known.has(name) && !patterns.some((pattern) => pattern.test(name, run.meter)),
  };
}

const unknownProperty = (known: readonly string[]): string =>
  known.length === 0 ? 'is not allowed' : `is not allowed; the properties are ${listNames(known)}`;

/** Holds the members that `isLeft` picks against a schema; a message says which names there are. */
function checkLeft(
  node: SchemaNode,
  known: readonly string[],
  isLeft: (name: string, run: Validation, evaluated: Parameters<Keyword>[2]) => boolean,
): Keyword {
  const { source } = node;
  const refuses = source === null && node.first.length > 0;
  return onObject((value, run, evaluated) => {
    let valid = true;
    for (const name of Object.keys(value)) {
      run.meter.tick();
      if (!isLeft(name, run, evaluated)) continue;
      let holds = false;
      if (refuses) {
        run.path.push(name);
        run.report(() => unknownProperty(known));
        run.path.pop();
      } else holds = checkPart(node, partOf(value, name), name, run);
      if (holds) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    if (valid) evaluated?.addAllProperties();
    return valid;
  });
}

export const additionalProperties: KeywordFactory = (_value, context) => {
  const node = context.one();
  if (node === null) return null;
  const { known, isLeft } = leftOver(context);
  return checkLeft(node, [...known], isLeft);
};

export const unevaluatedProperties: KeywordFactory = (_value, context) => {
  const node = context.one();
  if (node === null) return null;
  return checkLeft(node, [], (name, _run, evaluated) => evaluated?.hasProperty(name) !== true);
};

export const propertyNames: KeywordFactory = (_value, context) => {
  const node = context.one();
  if (node === null) return null;
  return onObject((value, run) => {
    let valid = true;
    for (const name of Object.keys(value)) {
      const saved = run.problems;
      run.problems = saved === null ? null : [];
      const holds = check(node, name, run, null);
      const first = run.problems?.[0];
      run.problems = saved;
      if (holds) continue;
      valid = false;
      run.report(() => `has a property ${quote(name)}, whose name ${first?.message ?? 'is not allowed'}`);
      if (!run.collecting) return false;
    }
    return valid;
  });
};

function requireAll(names: readonly string[], value: JsonObject, run: Validation, reason: string): boolean {
  run.meter.tick(names.length >> 2);
  let valid = true;
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue;
    valid = false;
    run.report(() => `missing property ${quote(name)}${reason}`);
    if (!run.collecting) return false;
  }
  return valid;
}

export const required: KeywordFactory = (value, context) => {
  const names = context.names(value);
  if (names === null || names.length === 0) return null;
  return onObject((instance, run) => requireAll(names, instance, run, ''));
};

/** dependentRequired, and the lists of names of the older `dependencies`. */
function requireTogether(value: Json, context: KeywordContext): Keyword | null {
  if (!isObject(value)) return context.problem('must be an object of lists of property names');
  const entries: [string, string[]][] = [];
  for (const [name, list] of Object.entries(value)) {
    if (context.keyword === 'dependencies' && !Array.isArray(list)) continue;
    const names = context.names(list, name);
    if (names !== null) entries.push([name, names]);
  }
  if (entries.length === 0) return null;
  return onObject((instance, run) => {
    run.meter.tick(entries.length >> 2);
    let valid = true;
    for (const [name, names] of entries) {
      if (!Object.hasOwn(instance, name)) continue;
      if (requireAll(names, instance, run, `, which ${quote(name)} requires`)) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    return valid;
  });
}

export const dependentRequired: KeywordFactory = requireTogether;

export const dependentSchemas: KeywordFactory = (_value, context) => {
  const nodes = context.map();
  if (nodes.size === 0) return null;
  return onObject((value, run, evaluated) => {
    run.meter.tick(nodes.size >> 2);
    let valid = true;
    for (const [name, node] of nodes) {
      if (!Object.hasOwn(value, name) || check(node, value, run, evaluated)) continue;
      valid = false;
      if (!run.collecting) return false;
    }
    return valid;
  });
};

export const dependencies: KeywordFactory = (value, context) => {
  const names = requireTogether(value, context);
  const schemas = dependentSchemas(value, context);
  if (names === null || schemas === null) return names ?? schemas;
  return (instance, run, evaluated) => {
    const holds = names(instance, run, evaluated);
    return (holds || run.collecting) && schemas(instance, run, evaluated) && holds;
  };
};

function sizeOf(value: JsonObject, run: Validation): number {
  const { length } = Object.keys(value);
  run.meter.tick(length >> 2);
  return length;
}

export const minProperties: KeywordFactory = (value, context) => {
  const size = context.size(value);
  if (size === null) return null;
  return onObject(
    (instance, run) =>
      sizeOf(instance, run) >= size || run.report(() => `must have at least ${inProperties(size)}`),
  );
};

export const maxProperties: KeywordFactory = (value, context) => {
  const size = context.size(value);
  if (size === null) return null;
  return onObject(
    (instance, run) =>
      sizeOf(instance, run) <= size || run.report(() => `must have at most ${inProperties(size)}`),
  );
};

const inProperties = (size: number): string => (size === 1 ? '1 property' : `${size} properties`);
