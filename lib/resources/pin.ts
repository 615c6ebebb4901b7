/**
 * Pins the external documents of a definition: fetches each once, reduces it to what execution needs, and keeps that
 * with the version. Runs fetch nothing, so a version behaves the same for ever.
 */
import type { HttpRequest, HttpResponse, Secrets, TokenCache } from '../engine/types.ts';
import type { ErrorItem } from '../errors.ts';
import type { Json } from '../jq/index.ts';
import { createRedactor } from '../secrets/redact.ts';
import { ownTokens, publisher } from './caller.ts';
import { newYamlBudget, type YamlBudget } from './document.ts';
import { endpointOf, fetchDocument, type Endpoint } from './fetch.ts';
import { reducerOf } from './reduce.ts';
import { ResourceFault, type KeptResources, type ResourceUse } from './types.ts';

/** The longest document, before and after decompression. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 32;
const MAX_KEPT_BYTES = 2 * 1024 * 1024;
const CONCURRENCY = 4;
const MAX_PROBLEMS = 200;

export interface Pinning {
  definition: Json;
  /** Every place that names a document. */
  uses: readonly ResourceUse[];
  /** The secrets that the definition names; asked for when a document needs credentials. */
  secrets(): Promise<Secrets>;
  /** Sends a request through the egress guard. @throws {HttpFailure} */
  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Bounds all of it. */
  signal: AbortSignal;
}

/** One document and the places that name it. */
interface Group {
  endpoint: Endpoint;
  uses: ResourceUse[];
}

/**
 * @returns what to keep, or every problem with its JSON pointer into the definition; messages name hosts and
 *   statuses, never a path, query, header or content
 */
export async function pinResources(
  pinning: Pinning,
): Promise<{ ok: true; resources: KeptResources } | { ok: false; errors: ErrorItem[] }> {
  const errors: ErrorItem[] = [];
  const groups = groupsOf(pinning.uses, errors);
  if (groups.length > MAX_DOCUMENTS) {
    const message = `the definition names ${groups.length} different documents; at most ${MAX_DOCUMENTS} are fetched`;
    errors.push({ path: '', message });
  }
  if (errors.length > 0) return { ok: false, errors };
  const kept = new Map<string, KeptResources[string]>();
  const waiting = groups.values();
  const secret = groups.some(({ endpoint }) => endpoint.authentication !== null);
  const secrets = secret ? await pinning.secrets() : { values: {}, missing: [] };
  const shared: Work = { ...pinning, secrets, tokens: ownTokens(), yaml: newYamlBudget(), kept, errors };
  const work = async (): Promise<void> => {
    for (const group of waiting) await pinGroup(group, shared);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const bytes = [...kept.values()].reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes > MAX_KEPT_BYTES) {
    const message = `${bytes} bytes of the documents would be kept with the version; at most ${MAX_KEPT_BYTES} can be`;
    errors.push({ path: '', message });
  }
  if (errors.length > 0) return { ok: false, errors: shownOf(inOrder(errors, pinning.uses), secrets) };
  return { ok: true, resources: Object.fromEntries(kept) };
}

/** The same URL with other credentials is another document. */
function groupsOf(uses: readonly ResourceUse[], errors: ErrorItem[]): Group[] {
  const groups = new Map<string, Group>();
  for (const use of uses) {
    try {
      const endpoint = endpointOf(use.node);
      const key = JSON.stringify([endpoint.uri, endpoint.authentication]);
      const group = groups.get(key) ?? { endpoint, uses: [] };
      group.uses.push(use);
      groups.set(key, group);
    } catch (error) {
      errors.push(problemOf(error, use));
    }
  }
  return [...groups.values()];
}

interface Work extends Omit<Pinning, 'secrets'> {
  secrets: Secrets;
  tokens: TokenCache;
  yaml: YamlBudget;
  kept: Map<string, KeptResources[string]>;
  errors: ErrorItem[];
}

async function pinGroup({ endpoint, uses }: Group, work: Work): Promise<void> {
  const [first] = uses;
  if (first === undefined) return;
  const { kind, pointer } = first;
  const { definition, yaml, signal } = work;
  const caller = publisher(pointer, work.secrets, work.http, work.tokens);
  try {
    const fetched = await fetchDocument(endpoint, { kind, pointer, definition, caller, yaml, signal });
    const reduce = reducerOf(fetched.document, signal);
    for (const use of uses) {
      try {
        const text = await reduce(use);
        work.kept.set(use.pointer, { uri: endpoint.uri, sha256: fetched.sha256, text });
      } catch (error) {
        work.errors.push(problemOf(error, use));
      }
    }
  } catch (error) {
    for (const use of uses) work.errors.push(problemOf(error, use));
  }
}

/** @throws what is no fault of the resource */
function problemOf(error: unknown, { pointer }: ResourceUse): ErrorItem {
  if (!(error instanceof ResourceFault)) throw error;
  if (error.at.startsWith('../')) {
    return { path: ownerOf(pointer) + error.at.slice(3), message: error.message };
  }
  return { path: error.at === '' ? pointer : `${pointer}/${error.at}`, message: error.message };
}

/** As the definition has them, whichever document came first. Looked up, since there may be thousands of both. */
function inOrder(errors: ErrorItem[], uses: readonly ResourceUse[]): ErrorItem[] {
  const places = new Map<string, number>();
  for (const [index, { pointer }] of uses.entries()) {
    const owner = ownerOf(pointer);
    if (!places.has(owner)) places.set(owner, index);
  }
  const placed = errors.map((error) => ({ error, place: placeOf(error.path, places) }));
  return placed.sort((a, b) => a.place - b.place).map(({ error }) => error);
}

/** A problem stands at a resource, at its owner, or in either of them. */
function placeOf(path: string, places: ReadonlyMap<string, number>): number {
  for (let owner = ownerOf(path); owner !== ''; owner = ownerOf(owner.slice(0, -1))) {
    const place = places.get(owner);
    if (place !== undefined) return place;
  }
  return -1;
}

/** The pointer of what has the last member, with a slash at its end. No expression, whose time may be quadratic. */
const ownerOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/') + 1);

/** At most MAX_PROBLEMS. Servers may repeat credentials in what ends up in a message, so they are masked. */
function shownOf(errors: ErrorItem[], { values }: Secrets): ErrorItem[] {
  const redactor = createRedactor(Object.values(values));
  const shown = errors
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => ({ path, message: redactor.text(message) }));
  const more = errors.length - shown.length;
  return more === 0 ? shown : [...shown, { path: '', message: `and ${more} more like these` }];
}
