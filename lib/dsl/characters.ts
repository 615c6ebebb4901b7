/** Text that a draft may have and a version may not: Postgres cannot take a JSON text apart that has it, even escaped. */
import type { Json } from '../jq/index.ts';
import { at } from './validate/shape.ts';

/** In Unicode mode a pair is one character, so only halves are left. */
const isReadable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/**
 * The first text with U+0000 or half a surrogate pair.
 * @param definition valid: of a bounded depth
 * @returns what is wrong, with its JSON pointer; null when there is none
 */
export function characterProblem(definition: Json): { path: string; message: string } | null {
  const path = find(definition, '');
  return path === null ? null : { path, message: 'text must not contain U+0000 or half a surrogate pair' };
}

function find(value: Json, path: string): string | null {
  if (typeof value === 'string') return isReadable(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    const found = isReadable(key) ? find(item, at(path, key)) : path;
    if (found !== null) return found;
  }
  return null;
}
