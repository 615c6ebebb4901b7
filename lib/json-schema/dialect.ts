/** The dialects of JSON Schema that are understood, and where each keeps its subschemas. */
import type { Json } from '../jq/index.ts';

export interface Dialect {
  /** Ordered by age: 6, 7, 2019, 2020. */
  readonly version: number;
  readonly name: string;
}

const DRAFT_2020: Dialect = { version: 2020, name: 'draft 2020-12' };

const DIALECTS = new Map<string, Dialect>([
  ['https://json-schema.org/draft/2020-12/schema', DRAFT_2020],
  ['https://json-schema.org/draft/2019-09/schema', { version: 2019, name: 'draft 2019-09' }],
  ['http://json-schema.org/draft-07/schema', { version: 7, name: 'draft-07' }],
  ['http://json-schema.org/draft-06/schema', { version: 6, name: 'draft-06' }],
]);

/** What a schema without `$schema` is written in. */
export const DEFAULT_DIALECT = DRAFT_2020;

export const SUPPORTED_DIALECTS = [...DIALECTS.keys()].join(', ');

/** The dialect that `$schema` names, or null. Both schemes are in use for either host path. */
export function findDialect(uri: Json): Dialect | null {
  if (typeof uri !== 'string') return null;
  const bare = uri.replace(/#$/, '');
  return DIALECTS.get(bare) ?? DIALECTS.get(bare.replace(/^https:/, 'http:')) ?? null;
}

/** The dialect that a short name means, such as `2020-12`, `draft-07` or `7`; null for other names. */
export function dialectNamed(name: string): Dialect | null {
  const bare = name.replace(/^draft-?/i, '').replace(/^0/, '');
  for (const dialect of DIALECTS.values()) {
    if (dialect.name.replace(/^draft[- ]0?/, '') === bare) return dialect;
  }
  return null;
}

/** How a keyword holds subschemas: one, a list, a map; or one or a list; or a map of schemas and lists of names. */
export type Shape = 'schema' | 'list' | 'map' | 'schemaOrList' | 'dependencies';

interface Place {
  readonly shape: Shape;
  readonly from: number;
  readonly until: number;
}

const place = (shape: Shape, from = 6, until = 2020): Place => ({ shape, from, until });

const PLACES = new Map<string, Place[]>([
  ['$defs', [place('map', 2019)]],
  ['definitions', [place('map')]],
  ['properties', [place('map')]],
  ['patternProperties', [place('map')]],
  ['additionalProperties', [place('schema')]],
  ['propertyNames', [place('schema')]],
  ['dependencies', [place('dependencies')]],
  ['dependentSchemas', [place('map', 2019)]],
  ['items', [place('schemaOrList', 6, 2019), place('schema', 2020)]],
  ['additionalItems', [place('schema', 6, 2019)]],
  ['prefixItems', [place('list', 2020)]],
  ['contains', [place('schema')]],
  ['unevaluatedProperties', [place('schema', 2019)]],
  ['unevaluatedItems', [place('schema', 2019)]],
  ['allOf', [place('list')]],
  ['anyOf', [place('list')]],
  ['oneOf', [place('list')]],
  ['not', [place('schema')]],
  ['if', [place('schema', 7)]],
  ['then', [place('schema', 7)]],
  ['else', [place('schema', 7)]],
]);

/** How `keyword` holds subschemas in a dialect; null when it holds none. */
export function shapeOf(keyword: string, { version }: Dialect): Shape | null {
  const places = PLACES.get(keyword) ?? [];
  return places.find(({ from, until }) => from <= version && version <= until)?.shape ?? null;
}
