/** Bytes of a fetched document to text and value, at a bounded cost. */
import { parseYamlText } from '../dsl/yaml.ts';
import { decodeUtf8, parseJsonText } from '../json.ts';
import type { Json } from '../jq/index.ts';
import { ResourceFault, type FetchedDocument } from './types.ts';

const MAX_DEPTH = 500;

/** YAML costs up to four microseconds a byte in one go, on the event loop of the API; JSON a hundredth of that. */
const MAX_YAML_BYTES = 256 * 1024;

/** How many bytes of YAML one publication may still parse. */
export interface YamlBudget {
  bytes: number;
}

/** For all documents of a publication. */
export const newYamlBudget = (): YamlBudget => ({ bytes: 1024 * 1024 });

/**
 * @param url the URL that answered
 * @throws {ResourceFault} when the bytes are not UTF-8
 */
export function decodeDocument(bytes: Uint8Array, url: string, budget: YamlBudget): FetchedDocument {
  const text = decodeUtf8(bytes);
  if (text === null) throw new ResourceFault(`the answer of ${hostOf(url)} is not UTF-8 text`);
  let parsed: ReturnType<typeof parseDocument> | undefined;
  const value = (): Json => {
    parsed ??= parseDocument(text, bytes.byteLength, hostOf(url), budget);
    if (parsed.ok) return parsed.value;
    throw new ResourceFault(parsed.problem);
  };
  return { text, url, value };
}

function parseDocument(
  text: string,
  length: number,
  host: string,
  budget: YamlBudget,
): { ok: true; value: Json } | { ok: false; problem: string } {
  const refuse = (problem: string) => ({ ok: false, problem }) as const;
  if (text.trim() === '') return refuse(`the answer of ${host} is empty; expected JSON or YAML`);
  const json = parseJsonText(text, { maxDepth: MAX_DEPTH });
  if (json.ok) return json;
  if (length > MAX_YAML_BYTES) {
    const reason = `it is not JSON${placeOf(json.message)}, and YAML may have ${MAX_YAML_BYTES} bytes here`;
    return refuse(`the answer of ${host} has ${length} bytes; ${reason}; serve it as JSON`);
  }
  if (length > budget.bytes) {
    return refuse(`the documents of the workflow have too much YAML; serve that of ${host} as JSON`);
  }
  budget.bytes -= length;
  const yaml = parseYamlText(text, { maxDepth: MAX_DEPTH, maxAliased: MAX_YAML_BYTES });
  if (yaml.ok) return yaml;
  const [kind, message] = /^\s*[{[]/.test(text) ? ['JSON', json.message] : ['YAML', yaml.message];
  return refuse(`the answer of ${host} is not valid ${kind}${placeOf(message)}`);
}

/** The place alone: what stands there is content, which is not repeated. */
function placeOf(message: string): string {
  const place = /^line \d+, column \d+/.exec(message);
  return place === null ? '' : ` (${place[0]})`;
}

/** For messages: the host and port of a URL, and nothing else of it. */
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'the host');
