/** The row of a listener's filter: by what it is looked up (lib/db/events/matching.ts), and the filter itself. */
import { createHash } from 'node:crypto';
import type { NewListener } from '../db/events/listeners.ts';
import type { Json, ListenFilter } from '../engine/types.ts';
import { canonicalText, knownCorrelations, literalType } from '../tasks/events/filter.ts';

/** In UTF-8: an entry of the index has at most 2704 bytes. Longer texts are not looked up by, only compared. */
const MAX_INDEXED_BYTES = 800;

const fits = (text: string): boolean => Buffer.byteLength(text) <= MAX_INDEXED_BYTES && !text.includes('\0');

/** By what a value that listeners correlate by is looked up. */
export const correlationHash = (value: Json): string =>
  createHash('sha256').update(canonicalText(value)).digest('hex');

/** @param filter its number in the listener */
export function toNewListener(filter: number, condition: ListenFilter): NewListener {
  const type = literalType(condition);
  const correlation = knownCorrelations(condition).find(({ from }) => fits(from));
  return {
    filter,
    type: type !== null && fits(type) ? type : null,
    correlateFrom: correlation?.from ?? null,
    correlateValue: correlation === undefined ? null : correlationHash(correlation.value),
    conditionText: JSON.stringify(condition),
  };
}
