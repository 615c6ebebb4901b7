/**
 * JSON Schema, draft 2020-12 and by `$schema` also 2019-09, 07 and 06, interpreted within budgets.
 *
 * Tenants write the schemas and the values. That is why this is not ajv: it turns a schema into JavaScript by
 * `new Function`, `anyOf` and `$ref` may multiply to 2^30 checks, its `uniqueItems` is quadratic and its patterns
 * run on the backtracking RegExp. Here a schema becomes closures, every step is counted, equality is by text and
 * patterns run on RE2.
 *
 * Nothing is fetched: references stay within the document. `format` is an assertion for date-time, date, time,
 * email, uri, uuid, ipv4, ipv6 and hostname, an annotation for all others. Patterns have no look-around and no
 * back-references. Vocabularies and metaschemas other than those of the dialects are not supported.
 */
import { JqLimitError, type Json } from '../jq/index.ts';
import type { Limits } from '../jq/limits.ts';
import { compileDocument } from './compiler.ts';
import { copySchema } from './copy.ts';
import { DEFAULT_DIALECT, dialectNamed } from './dialect.ts';
import { SchemaDocument, type CompileProblem } from './document.ts';
import { check, type SchemaNode } from './node.ts';
import type { SchemaLimit, SchemaProblem } from './problem.ts';
import { Validation } from './validation.ts';

export type { CompileProblem } from './document.ts';
export type { SchemaLimit, SchemaProblem } from './problem.ts';

/** Budgets of one validation. */
type SchemaLimits = Pick<Limits, 'maxSteps' | 'maxBytes' | 'maxDepth' | 'maxTimeMs'>;

const DEFAULT_SCHEMA_LIMITS: SchemaLimits = {
  /** Schemas applied to values, and the work inside keywords. */
  maxSteps: 1_000_000,
  /** Bytes allocated for comparing items and remembering what was evaluated. */
  maxBytes: 32 * 1024 * 1024,
  /** Schemas applied inside one another. */
  maxDepth: 1000,
  /** Time, of which the process had the processor. */
  maxTimeMs: 50,
};

/** A compiled schema; it keeps no state between validations. */
export interface JsonSchema {
  /**
   * Holds a value against the schema.
   * @param limits budgets that differ from {@link DEFAULT_SCHEMA_LIMITS}
   * @returns at most 20 problems, none when the value is valid; the last one has `limit` when a budget ran out
   */
  validate(value: Json, limits?: Partial<SchemaLimits>): SchemaProblem[];
}

export type CompiledSchema = { ok: true; schema: JsonSchema } | { ok: false; problems: CompileProblem[] };

const BUDGETS: Record<SchemaLimit, { budget: keyof SchemaLimits; unit: string }> = {
  steps: { budget: 'maxSteps', unit: 'steps' },
  bytes: { budget: 'maxBytes', unit: 'bytes of memory' },
  depth: { budget: 'maxDepth', unit: 'schemas inside one another' },
  time: { budget: 'maxTimeMs', unit: 'milliseconds' },
};

function exceeded(limit: SchemaLimit, limits: SchemaLimits): SchemaProblem {
  const { budget, unit } = BUDGETS[limit];
  return { path: '', message: `cannot be checked: it exceeds the limit of ${limits[budget]} ${unit}`, limit };
}

function validate(
  root: SchemaNode,
  tracksScope: boolean,
  value: Json,
  limits: SchemaLimits,
): SchemaProblem[] {
  const run = new Validation({ ...limits, maxOutputs: Infinity }, tracksScope);
  const problems = run.problems ?? [];
  const found = (): SchemaProblem[] => problems.map(({ path, message }) => ({ path, message }));
  try {
    check(root, value, run, null);
    return found();
  } catch (error) {
    // The depth is bounded, but by a count of schemas: the stack is the last resort.
    if (error instanceof RangeError) return [...found(), exceeded('depth', limits)];
    if (!(error instanceof JqLimitError) || error.limit === 'outputs') throw error;
    return [...found(), exceeded(error.limit, limits)];
  }
}

/**
 * Compiles a schema.
 * @param schema of at most 60,000 values, nested at most 500 deep
 * @param options.dialect what it is written in when it has no `$schema`: `2020-12` (also for a name that is not
 *   known), `2019-09`, `draft-07`, `draft-06`
 * @returns the schema, or everything that is wrong with it, each with a JSON pointer into it
 */
export function compileJsonSchema(schema: Json, options: { dialect?: string } = {}): CompiledSchema {
  if (
    typeof schema !== 'boolean' &&
    (typeof schema !== 'object' || schema === null || Array.isArray(schema))
  ) {
    return { ok: false, problems: [{ path: '', message: 'must be a schema: an object or a boolean' }] };
  }
  const copied = copySchema(schema);
  if (!copied.ok) return { ok: false, problems: [{ path: '', message: copied.message }] };
  const document = new SchemaDocument(copied.value, dialectNamed(options.dialect ?? '') ?? DEFAULT_DIALECT);
  compileDocument(document);
  if (document.problems.length > 0) return { ok: false, problems: document.problems };
  const { root } = document;
  // Only a dynamic reference asks for the scope.
  const tracksScope = [...document.resources.values()].some(({ dynamicAnchors }) => dynamicAnchors.size > 0);
  return {
    ok: true,
    schema: {
      validate: (value, limits = {}) =>
        validate(root, tracksScope, value, { ...DEFAULT_SCHEMA_LIMITS, ...limits }),
    },
  };
}
