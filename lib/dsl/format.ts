/** Which workers can execute a definition (lib/formats.ts). */
import { isJsonObject } from '../engine/json.ts';
import { NEWEST_FORMAT, OLDEST_FORMAT } from '../formats.ts';
import type { Json } from '../jq/index.ts';

/** Task types that workers of the format before do not know. */
const NEWER_TASKS = ['emit', 'listen'];

/** @param definition valid: of a bounded depth */
export const formatOf = (definition: Json): number =>
  isJsonObject(definition) && (Object.hasOwn(definition, 'schedule') || hasNewer(definition))
    ? NEWEST_FORMAT
    : OLDEST_FORMAT;

/** Data that only looks like such a task asks for a newer worker than it needs: no harm. */
function hasNewer(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasNewer);
  if (!isJsonObject(value)) return false;
  return NEWER_TASKS.some((key) => Object.hasOwn(value, key)) || Object.values(value).some(hasNewer);
}
