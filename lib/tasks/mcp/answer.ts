/** The answer to one JSON-RPC request over HTTP: JSON, or a stream of events (MCP, Streamable HTTP). */
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { HttpResponse } from '../../engine/types.ts';
import { parseJson } from '../call-http-json.ts';
import type { Json } from '../types.ts';

type Answer = { ok: true; message: JsonObject } | { ok: false; problem: string };

/**
 * Finds the answer among what the server has sent. Its own requests and notifications are passed over: the client
 * offers nothing that they could be about.
 * @param id that of the request
 */
export function answerTo(id: Json, response: HttpResponse): Answer {
  const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return pick(id, [response.body]);
  if (type === 'text/event-stream') {
    const events = eventData(response.body);
    return events === null
      ? { ok: false, problem: `its stream has more than ${MAX_LINES} lines` }
      : pick(id, events);
  }
  return { ok: false, problem: 'its content is neither application/json nor text/event-stream' };
}

function pick(id: Json, texts: readonly Uint8Array[]): Answer {
  for (const text of texts) {
    const parsed = parseJson(text);
    if (!parsed.ok) return parsed;
    // An array is a batch (revision 2025-03-26).
    for (const message of Array.isArray(parsed.value) ? parsed.value : [parsed.value]) {
      if (isAnswer(message) && message['id'] === id) return { ok: true, message };
    }
  }
  return { ok: false, problem: 'it holds no answer to the request' };
}

const isAnswer = (message: Json): message is JsonObject =>
  isJsonObject(message) &&
  (member(message, 'result') !== undefined || member(message, 'error') !== undefined);

/** Each costs some hundred nanoseconds, an event some microseconds; a server may send millions of a byte or two. */
const MAX_LINES = 20_000;

/**
 * The data of each event of type `message` (HTML standard, 9.2.6, Interpreting an event stream); null for a stream of
 * too many lines.
 */
function eventData(body: Uint8Array): Uint8Array[] | null {
  const encoder = new TextEncoder();
  const events: Uint8Array[] = [];
  let data: string[] = [];
  let type = '';
  const lines = new TextDecoder().decode(body).split(/\r\n|\r|\n/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) return null;
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0 && (type === '' || type === 'message'))
        events.push(encoder.encode(data.join('\n')));
      data = [];
      type = '';
    }
    const value = (name: string): string | null =>
      line.startsWith(`${name}:`) ? line.slice(name.length + 1).replace(/^ /, '') : null;
    const text = value('data');
    if (text !== null && text !== '') data.push(text);
    type = value('event') ?? type;
  }
  return events;
}
