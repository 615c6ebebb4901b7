/** type, const, enum: what a value is as a whole (validation 6.1). */
import type { Json } from '../../jq/index.ts';
import { typeName } from '../../jq/index.ts';
import { canonicalText, type Canonical } from '../canonical.ts';
import { excerpt, typeInWords } from '../problem.ts';
import type { Keyword } from '../validation.ts';
import type { KeywordFactory } from './context.ts';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['null', 'null'],
  ['boolean', 'a boolean'],
  ['integer', 'an integer'],
  ['number', 'a number'],
  ['string', 'a string'],
  ['array', 'an array'],
  ['object', 'an object'],
]);

/** `1.0` is an integer. */
const isOfType = (value: Json, type: string): boolean =>
  type === 'integer' ? Number.isInteger(value) : typeName(value) === type;

export const type: KeywordFactory = (value, context) => {
  const names = Array.isArray(value) ? value : [value];
  const words: string[] = [];
  for (const name of names) {
    const word = typeof name === 'string' ? TYPES.get(name) : undefined;
    if (word === undefined)
      return context.problem(`must be one of ${[...TYPES.keys()].join(', ')}, or a list of them`);
    words.push(word);
  }
  if (names.length === 0) return context.problem('must name at least one type');
  const allowed = names.map(String);
  const expected = words.join(' or ');
  return (instance, run) =>
    allowed.some((name) => isOfType(instance, name)) ||
    run.report(
      () =>
        `must be ${expected}; it is ${Number.isFinite(instance) && allowed.includes('integer') ? 'a fraction' : typeInWords(instance)}`,
      expected,
    );
};

/** True when a value equals one of some; those that are no containers are compared without writing them out. */
function membership(values: readonly Json[]): Keyword {
  const scalars = new Set<Json>();
  const containers = new Set<Canonical>();
  for (const value of values) {
    if (typeof value === 'object' && value !== null) containers.add(canonicalText(value, null));
    else scalars.add(value);
  }
  return (instance, run) =>
    typeof instance === 'object' && instance !== null
      ? containers.size > 0 && containers.has(canonicalText(instance, run.meter))
      : scalars.has(instance);
}

/** Values that a message lists. */
const MAX_LISTED = 20;

/** Values of the schema as a message lists them. */
const inWords = (values: readonly Json[]): string => {
  const shown = values.slice(0, MAX_LISTED).map((value) => JSON.stringify(value));
  return excerpt([...shown, ...(values.length > MAX_LISTED ? ['…'] : [])].join(', '));
};

/** A large value costs milliseconds to write out, and alternatives that fail ask for it again and again. */
function once(make: () => string): () => string {
  let made: string | null = null;
  return () => (made ??= make());
}

export const constant: KeywordFactory = (value) => {
  const includes = membership([value]);
  const words = once(() => inWords([value]));
  return (instance, run, evaluated) =>
    includes(instance, run, evaluated) || run.report(() => `must be ${words()}`);
};

export const enumeration: KeywordFactory = (value, context) => {
  if (!Array.isArray(value)) return context.problem('must be a list of values');
  const includes = membership(value);
  const words = once(() => inWords(value));
  return (instance, run, evaluated) =>
    includes(instance, run, evaluated) || run.report(() => `must be one of ${words()}`);
};
