/** Reading JSON that a stranger wrote: what is of another kind counts as absent. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';

/** The members of an object; none when it is no object. */
export const membersOf = (value: Json | undefined): [string, Json][] =>
  isJsonObject(value) ? Object.entries(value) : [];

/** The texts of a list; none when it is no list. */
export const textsOf = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
