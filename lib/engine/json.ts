/** JSON objects whose keys come from tenants: own members only, and `__proto__` is a key like any other. */
import type { Json } from '../jq/index.ts';

export { setMember } from '../jq/json.ts';

export type JsonObject = { [key: string]: Json };

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own member `key` of an object; undefined when it is absent or `value` is no object. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
