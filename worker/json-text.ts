/** JSON text within a bound. */
import { jsonSizeAtMost, type Json } from '../lib/jq/index.ts';

/**
 * The JSON text of `value`; null when it is longer than `maxBytes` in UTF-8, or nested too deeply. Values of a run
 * share parts (`{ a: ${ . }, b: ${ . } }`, often enough), so a text can be exponentially longer than what it is made
 * of takes in memory: it is measured before it is made.
 */
export function jsonTextWithin(value: object | Json, maxBytes: number): string | null {
  // Progress trees and errors are JSON too; their interfaces have no index signature to say so.
  return jsonSizeAtMost(value as Json, maxBytes) > maxBytes ? null : JSON.stringify(value);
}
