/** Text to definition: size, encoding and syntax. What the definition says is validate.ts's matter. */
import { decodeUtf8, parseJsonText } from '../json.ts';
import { lineAndColumn } from '../json-fault.ts';
import type { Json } from '../jq/index.ts';
import { parseYamlText } from './yaml.ts';

/** How many arrays and objects of a definition may stand inside one another. */
export const MAX_DEFINITION_DEPTH = 200;

/** A parsed definition with its text, or why there is none. */
type ParsedDefinition =
  | { ok: true; definition: Json; source: string }
  | { ok: false; code: 'INVALID_JSON' | 'INVALID_YAML' | 'PAYLOAD_TOO_LARGE'; message: string };

/**
 * Parses a workflow definition: JSON (RFC 8259), or YAML 1.2 with the core schema and nothing more (no
 * timestamps, merge keys or custom tags). A byte order mark is accepted and dropped.
 * @param limits.maxBytes of the text in UTF-8; all aliases of a YAML text together may add as much again
 */
export function parseDefinition(
  bytes: Uint8Array | string,
  kind: 'json' | 'yaml',
  limits: { maxBytes: number },
): ParsedDefinition {
  const code = kind === 'json' ? 'INVALID_JSON' : 'INVALID_YAML';
  const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.byteLength;
  if (size > limits.maxBytes) {
    const message = `the definition has ${size} bytes; at most ${limits.maxBytes} are accepted`;
    return { ok: false, code: 'PAYLOAD_TOO_LARGE', message };
  }
  const source = typeof bytes === 'string' ? bytes.replace(/^\uFEFF/, '') : decodeUtf8(bytes);
  if (source === null) return { ok: false, code, message: 'the text is not valid UTF-8' };
  const unprintable = findUnprintable(source);
  if (unprintable !== null) return { ok: false, code, message: unprintable };
  const parsed =
    kind === 'json'
      ? parseJsonText(source, { maxDepth: MAX_DEFINITION_DEPTH })
      : parseYamlText(source, { maxDepth: MAX_DEFINITION_DEPTH, maxAliased: limits.maxBytes });
  return parsed.ok
    ? { ok: true, definition: parsed.value, source }
    : { ok: false, code, message: parsed.message };
}

/**
 * A character that no YAML stream may hold (YAML 1.2, c-printable) and no JSON text needs: it can be written
 * as an escape. The source is stored as text, which cannot hold U+0000.
 */
function findUnprintable(source: string): string | null {
  const at = source.search(/[^\t\n\r\x20-\x7E\x85\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u);
  if (at === -1) return null;
  const name = `U+${(source.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return `${lineAndColumn(source, at)}: the character ${name} is not allowed; write it as an escape in double quotes`;
}
