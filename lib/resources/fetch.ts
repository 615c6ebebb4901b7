/** Fetches one document, through the egress guard alone. */
import { createHash } from 'node:crypto';
import { WorkflowError } from '../engine/errors.ts';
import { isStrictExpression } from '../engine/expression.ts';
import { isJsonObject, member } from '../engine/json.ts';
import { HttpFailure, type HttpRequest, type HttpResponse } from '../engine/types.ts';
import type { Json } from '../jq/index.ts';
import { compileAuthentication, type Caller } from '../tasks/authentication/index.ts';
import { parseUriTemplate } from '../tasks/uri-template.ts';
import { authenticationContext } from './caller.ts';
import { decodeDocument, hostOf, type YamlBudget } from './document.ts';
import { ResourceFault, type FetchedDocument, type ResourceKind } from './types.ts';

const FETCH_TIMEOUT_MS = 10_000;

const ACCEPT: Record<ResourceKind, string> = {
  openapi: 'application/json, application/yaml;q=0.9, */*;q=0.5',
  schema: 'application/schema+json, application/json;q=0.9, */*;q=0.5',
  proto: 'text/plain, */*;q=0.5',
};

export interface Endpoint {
  readonly uri: string;
  /** null for none */
  readonly authentication: Json;
}

/** The endpoint of a resource node, which is text or `{ uri, authentication? }`. */
export function endpointOf(node: Json): Endpoint {
  const endpoint = member(node, 'endpoint') ?? null;
  const uri = isJsonObject(endpoint) ? member(endpoint, 'uri') : endpoint;
  if (typeof uri !== 'string') throw new ResourceFault('the endpoint of a resource is a URL', 'endpoint');
  return { uri, authentication: member(endpoint, 'authentication') ?? null };
}

/** What the credentials are evaluated with; `definition` has the policies that they name. */
interface Fetching {
  kind: ResourceKind;
  pointer: string;
  definition: Json;
  caller: Caller;
  /** These two bound all documents of the publication. */
  yaml: YamlBudget;
  signal: AbortSignal;
}

/**
 * Fetches a document: at most 10 s, 5 redirects and the bytes that the egress client takes.
 * @returns the document and the SHA-256 of its bytes, hex
 * @throws {ResourceFault} when there is none
 */
export async function fetchDocument(
  endpoint: Endpoint,
  fetching: Fetching,
): Promise<{ document: FetchedDocument; sha256: string }> {
  const url = urlOf(endpoint.uri);
  const response = await send(url, endpoint.authentication, fetching);
  const host = hostOf(response.url);
  if (response.status < 200 || response.status > 299) {
    throw new ResourceFault(
      `${host} answered ${response.status}; a 2xx with the document is needed`,
      'endpoint',
    );
  }
  const sha256 = createHash('sha256').update(response.body).digest('hex');
  return { document: decodeDocument(response.body, response.url, fetching.yaml), sha256 };
}

/** What varies cannot be fetched: there is no input, and nothing to evaluate, when a version is published. */
function urlOf(uri: string): string {
  const parsed = parseUriTemplate(uri);
  const varies = parsed.ok && parsed.template.parts.some((part) => typeof part !== 'string');
  if (isStrictExpression(uri) || varies) {
    const reason =
      'a resource is fetched when the workflow is published, and an expression or variable has no value then';
    throw new ResourceFault(`${reason}; write the URL out`, 'endpoint');
  }
  if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) {
    throw new ResourceFault('the endpoint of a resource is an absolute http or https URL', 'endpoint');
  }
  return uri;
}

async function send(url: string, policy: Json, fetching: Fetching): Promise<HttpResponse> {
  const { caller, pointer, definition } = fetching;
  const signal = AbortSignal.any([fetching.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  const request: HttpRequest = {
    method: 'GET',
    url,
    headers: { accept: ACCEPT[fetching.kind] },
    followRedirects: true,
  };
  try {
    if (policy === null) return await caller.http(request, signal);
    const authentication = compileAuthentication(policy, authenticationContext(pointer, definition));
    return await authentication.send(caller, request, signal, (sent) => caller.http(sent, signal));
  } catch (error) {
    throw asFault(error);
  }
}

/** Anything but a failed request or an error of the language is a bug and goes on as it is. */
function asFault(error: unknown): unknown {
  if (error instanceof HttpFailure || error instanceof WorkflowError)
    return new ResourceFault(error.message, 'endpoint', { cause: error });
  return error;
}
