/** A copy of a schema in which every object stands in one place, within bounds. */
import type { Json } from '../jq/index.ts';
import { isObject, setMember, type JsonObject } from '../jq/json.ts';

/** Nesting of a schema document. */
const MAX_DEPTH = 500;
/** Values of a schema document, after YAML aliases were expanded: some 100 ms of the event loop to compile. */
const MAX_VALUES = 60_000;

export type Copied = { ok: true; value: Json } | { ok: false; message: string };

interface Progress {
  values: number;
  fault: string | null;
}

function copy(value: Json, depth: number, progress: Progress): Json {
  if (++progress.values > MAX_VALUES) progress.fault ??= `has more than ${MAX_VALUES} values`;
  if (depth > MAX_DEPTH) progress.fault ??= `is nested deeper than ${MAX_DEPTH} levels`;
  if (progress.fault !== null) return null;
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, progress));
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, part] of Object.entries(value)) setMember(result, key, copy(part, depth + 1, progress));
  return result;
}

/** Objects are told apart by identity later on, and a parser may have used one twice (YAML aliases). */
export function copySchema(schema: Json): Copied {
  const progress: Progress = { values: 0, fault: null };
  const value = copy(schema, 1, progress);
  const { fault } = progress;
  return fault === null ? { ok: true, value } : { ok: false, message: `the schema ${fault}` };
}
