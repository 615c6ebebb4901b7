/** JSON values as the engine sees them. Objects are ordinary objects, read by own properties only. */

/** A JSON value. Inside an evaluation a number may also be NaN or infinite; results never are. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** True for a JSON object, not for an array or null. */
export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** False for `null` and `false` alone, as jq's conditions have it. */
export function truthy(value: Json): boolean {
  return value !== null && value !== false;
}

export type TypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

/** The name that jq's `type` gives. */
export function typeName(value: Json): TypeName {
  if (value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? 'array' : 'object';
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'number' : 'boolean';
}

/** The own member `key`, or undefined. Names of `Object.prototype` are data like any other. */
export function member(target: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(target, key) ? target[key] : undefined;
}

/** Sets an own member; `__proto__` too becomes plain data instead of reaching the prototype. */
export function setMember(target: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}
