/** A definition as publishing takes it: parsed, validated, its external documents fetched, reduced and kept. */
import { parseDefinition } from '../../../lib/dsl/parse.ts';
import { validateDefinition, type DefinitionError } from '../../../lib/dsl/validate.ts';
import type { HttpRequest, HttpResponse, Json } from '../../../lib/engine/types.ts';
import { findResources } from '../../../lib/resources/find.ts';
import { pinResources } from '../../../lib/resources/pin.ts';

const MAX_BYTES = 256 << 10;

export interface Published {
  definition: Json;
  /** Texts of the documents that were kept, by JSON pointer. */
  resources: ReadonlyMap<string, string>;
}

export type Publication = { ok: true; version: Published } | { ok: false; errors: DefinitionError[] };

interface Org {
  http(request: HttpRequest): Promise<HttpResponse>;
  secrets?: { [name: string]: Json };
}

/**
 * Publishes as the API does, without a database.
 * @param text YAML
 * @throws {Error} when the text is not one of YAML
 */
export async function publish(text: string, org: Org): Promise<Publication> {
  const parsed = parseDefinition(text, 'yaml', { maxBytes: MAX_BYTES });
  if (!parsed.ok) throw new Error(parsed.message);
  const { definition } = parsed;
  const { errors } = validateDefinition(definition);
  if (errors.length > 0) return { ok: false, errors };
  const pinned = await pinResources({
    definition,
    uses: findResources(definition),
    secrets: async () => ({ values: org.secrets ?? {}, missing: [] }),
    http: (request) => org.http(request),
    signal: AbortSignal.timeout(10_000),
  });
  if (!pinned.ok)
    return { ok: false, errors: pinned.errors.map((error) => ({ ...error, kind: 'semantic' })) };
  const texts = Object.entries(pinned.resources).map(([pointer, { text: kept }]) => [pointer, kept] as const);
  return { ok: true, version: { definition, resources: new Map(texts) } };
}
