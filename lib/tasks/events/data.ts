/** What an event carries (CloudEvents 1.0, JSON Event Format, section 3.1): `data`, or `data_base64` for bytes. */
import { member } from '../../engine/json.ts';
import type { CloudEvent, Json } from '../../engine/types.ts';
import { base64Of } from '../authentication/encoding.ts';

/** How `listen.read` gives an event (dsl-reference, Listen). */
export type ReadAs = 'data' | 'envelope' | 'raw';

/** The event's data: JSON, text, or the base64 of bytes; null without any. */
export const dataOf = (event: CloudEvent): Json =>
  member(event, 'data') ?? member(event, 'data_base64') ?? null;

/** An event in the form in which a task reads it. */
export function readEvent(event: CloudEvent, as: ReadAs): Json {
  if (as === 'envelope') return event;
  return as === 'data' ? dataOf(event) : rawOf(event);
}

/** The bytes of the data in base64, as `output: raw` of a call gives those of an answer; null without data. */
function rawOf(event: CloudEvent): Json {
  const base64 = member(event, 'data_base64');
  if (base64 !== undefined) return base64;
  const data = member(event, 'data');
  if (data === undefined) return null;
  const text = typeof data === 'string' && !isJson(event) ? data : JSON.stringify(data);
  return base64Of(text);
}

/** Data without a `datacontenttype` is JSON (JSON Event Format, section 3.1.1). */
function isJson(event: CloudEvent): boolean {
  const type = member(event, 'datacontenttype') ?? 'application/json';
  return typeof type === 'string' && /^[^;]*[/+]json\s*(?:;|$)/i.test(type);
}
