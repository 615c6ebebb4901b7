/** The URL that the paths of an operation are appended to. */
import { shown } from '../../dsl/validate/text.ts';
import { member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { ResourceFault } from '../types.ts';
import type { FoundOperation } from './find-operation.ts';

/** No call takes a longer one. */
const MAX_URL_LENGTH = 16_384;

/**
 * OpenAPI 3.x: the first http or https server of the operation, else of its path, else of the document; variables
 * take their defaults, and a relative URL is resolved against that of the document (Server Object).
 * @returns an absolute URL without a slash at its end
 * @throws {ResourceFault}
 */
export function serverOf(document: JsonObject, found: FoundOperation, documentUrl: string): string {
  const lists = [found.operation, found.pathItem, document].map((owner) => member(owner, 'servers'));
  const servers = lists.find((list) => Array.isArray(list) && list.length > 0) ?? [{ url: '/' }];
  const urls = (Array.isArray(servers) ? servers : []).map((server) => filled(server, documentUrl));
  const url = urls.find((candidate) => candidate !== null);
  if (url === undefined || url === null) {
    throw new ResourceFault('the document has no server with an http or https URL for this operation');
  }
  return checked(url);
}

/**
 * Swagger 2.0: `schemes`, `host` and `basePath`; what is missing is that of the document's own URL. https is
 * preferred where both are possible.
 * @throws {ResourceFault}
 */
export function swaggerServerOf(document: JsonObject, found: FoundOperation, documentUrl: string): string {
  const own = new URL(documentUrl);
  const host = member(document, 'host') ?? own.host;
  const basePath = member(document, 'basePath') ?? '';
  const schemes = member(found.operation, 'schemes') ??
    member(document, 'schemes') ?? [own.protocol.slice(0, -1)];
  const scheme = ['https', 'http'].find((name) => Array.isArray(schemes) && schemes.includes(name));
  if (scheme === undefined) {
    throw new ResourceFault('the `schemes` of the document name neither http nor https for this operation');
  }
  if (typeof host !== 'string' || typeof basePath !== 'string' || /[/?#@\\]/.test(host)) {
    throw new ResourceFault('the `host` or the `basePath` of the document is not one');
  }
  const url = `${scheme}://${host}${basePath === '' || basePath.startsWith('/') ? '' : '/'}${basePath}`;
  if (!URL.canParse(url)) throw new ResourceFault('the `host` of the document is not a host');
  return checked(new URL(url));
}

/** null when it is no http or https URL. */
function filled(server: Json, documentUrl: string): URL | null {
  const template = member(server, 'url');
  if (typeof template !== 'string') return null;
  const variables = member(server, 'variables');
  const text = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = member(member(variables, name), 'default');
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw new ResourceFault(`the variable ${shown(name)} in the server's URL has no default`);
  });
  if (!URL.canParse(text, documentUrl)) return null;
  const url = new URL(text, documentUrl);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}

function checked(url: URL): string {
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new ResourceFault("the server's URL has a query, a fragment or a user name, and may have none");
  }
  const { href } = url;
  if (href.length > MAX_URL_LENGTH) {
    throw new ResourceFault(`the server's URL is longer than ${MAX_URL_LENGTH} characters`);
  }
  // By hand: an expression would try each of many slashes that are not at the end.
  let end = href.length;
  while (href.charAt(end - 1) === '/') end -= 1;
  return href.slice(0, end);
}
