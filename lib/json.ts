/** JSON from outside: strict UTF-8, bounded nesting, and a message that says where a text is broken. */
import type { Json } from './jq/index.ts';
import { findJsonFault, lineAndColumn } from './json-fault.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of strict UTF-8 bytes (RFC 3629) without a byte order mark, or null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Parses a JSON text (RFC 8259) as `JSON.parse` does: of duplicate names the last wins.
 * Nesting and number ranges are checked by one iterative pass before anything recursive sees the text.
 * @param options.maxDepth how many arrays and objects may stand inside one another
 * @returns the value, or a message with line and column of the fault
 */
export function parseJsonText(
  text: string,
  options: { maxDepth: number },
): { ok: true; value: Json } | { ok: false; message: string } {
  const excess = findExcess(text, options.maxDepth);
  if (excess !== null)
    return { ok: false, message: `${lineAndColumn(text, excess.offset)}: ${excess.message}` };
  try {
    // JSON.parse returns `any`; by RFC 8259 it is a Json.
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    const fault = findJsonFault(text);
    if (fault === null) return { ok: false, message: error instanceof Error ? error.message : 'not JSON' };
    return { ok: false, message: `${lineAndColumn(text, fault.offset)}: ${fault.message}` };
  }
}

/** The first place where the text nests too deeply or holds a number beyond the range of a double. */
function findExcess(text: string, maxDepth: number): { offset: number; message: string } | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return { offset: at, message: `nested deeper than ${maxDepth} levels` };
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code >= 0x30 && code <= 0x39) {
      const end = endOfNumber(text, at);
      // 1e400 becomes Infinity, which JSON cannot write again.
      if (end - at > 4 && Math.abs(Number(text.slice(at, end))) === Infinity) {
        return { offset: at, message: 'the number is out of range; the largest is 1.7976931348623157e308' };
      }
      at = end - 1;
    }
  }
  return null;
}

/** Offset of the closing quote of the string that opens at `start`, or the text's length. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x5c) at++;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const inNumber = (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2b || code === 0x2d;
    if (!inNumber && code !== 0x65 && code !== 0x45) break;
    at++;
  }
  return at;
}
