/** The keywords of all dialects: when each was in use, and in which phase it works. */
import * as arrays from './arrays.ts';
import * as combinations from './combinations.ts';
import type { KeywordFactory } from './context.ts';
import * as numbers from './numbers.ts';
import * as objects from './objects.ts';
import * as references from './references.ts';
import * as strings from './strings.ts';
import * as values from './values.ts';

/** `first`: what makes the rest pointless when it fails; `last`: what looks at the work of the others. */
type Phase = 'first' | 'middle' | 'last';

export interface KeywordEntry {
  readonly factory: KeywordFactory;
  readonly phase: Phase;
  /** Versions of dialects: 6, 7, 2019, 2020. */
  readonly from: number;
  readonly until: number;
}

const entry = (
  factory: KeywordFactory,
  { phase = 'middle', from = 6, until = 2020 }: Partial<Omit<KeywordEntry, 'factory'>> = {},
): KeywordEntry => ({ factory, phase, from, until });

/** In the order in which they are checked. */
export const KEYWORDS: ReadonlyMap<string, KeywordEntry> = new Map([
  ['type', entry(values.type, { phase: 'first' })],
  ['const', entry(values.constant, { phase: 'first' })],
  ['enum', entry(values.enumeration, { phase: 'first' })],
  ['$ref', entry(references.reference)],
  ['$dynamicRef', entry(references.dynamicReference, { from: 2020 })],
  ['$recursiveRef', entry(references.recursiveReference, { from: 2019, until: 2019 })],
  ['minimum', entry(numbers.minimum)],
  ['maximum', entry(numbers.maximum)],
  ['exclusiveMinimum', entry(numbers.exclusiveMinimum)],
  ['exclusiveMaximum', entry(numbers.exclusiveMaximum)],
  ['multipleOf', entry(numbers.multipleOf)],
  ['minLength', entry(strings.minLength)],
  ['maxLength', entry(strings.maxLength)],
  ['pattern', entry(strings.pattern)],
  ['format', entry(strings.format)],
  ['required', entry(objects.required)],
  ['dependentRequired', entry(objects.dependentRequired, { from: 2019 })],
  ['dependencies', entry(objects.dependencies)],
  ['minProperties', entry(objects.minProperties)],
  ['maxProperties', entry(objects.maxProperties)],
  ['propertyNames', entry(objects.propertyNames)],
  ['properties', entry(objects.properties)],
  ['patternProperties', entry(objects.patternProperties)],
  ['additionalProperties', entry(objects.additionalProperties)],
  ['dependentSchemas', entry(objects.dependentSchemas, { from: 2019 })],
  ['minItems', entry(arrays.minItems)],
  ['maxItems', entry(arrays.maxItems)],
  ['uniqueItems', entry(arrays.uniqueItems)],
  ['prefixItems', entry(arrays.prefixItems, { from: 2020 })],
  ['items', entry(arrays.items)],
  ['additionalItems', entry(arrays.additionalItems, { until: 2019 })],
  ['contains', entry(arrays.contains)],
  ['minContains', entry(arrays.containsBound, { from: 2019 })],
  ['maxContains', entry(arrays.containsBound, { from: 2019 })],
  ['allOf', entry(combinations.allOf)],
  ['anyOf', entry(combinations.anyOf)],
  ['oneOf', entry(combinations.oneOf)],
  ['not', entry(combinations.not)],
  ['if', entry(combinations.condition, { from: 7 })],
  ['unevaluatedProperties', entry(objects.unevaluatedProperties, { phase: 'last', from: 2019 })],
  ['unevaluatedItems', entry(arrays.unevaluatedItems, { phase: 'last', from: 2019 })],
]);
