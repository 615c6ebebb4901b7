/** Endpoints: a URI template, an expression, or `{ uri, authentication }`. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { checkAuthentication } from './authentication.ts';
import type { Context } from './context.ts';
import { asText, checkObject, get, kindOf } from './shape.ts';
import { checkUri, type UriPlace } from './uri.ts';

export function checkEndpoint(context: Context, value: Json, path: string, place: UriPlace): void {
  if (typeof value === 'string') {
    checkUri(context, value, path, place);
    return;
  }
  const { report } = context;
  if (!isJsonObject(value)) {
    report.shape(path, `\`endpoint\` must be a URL, or an object with \`uri\`; it ${kindOf(value)}`);
    return;
  }
  checkObject(report, value, path, {
    of: '`endpoint`',
    members: {
      uri(uri, uriPath, name) {
        const text = asText(report, uri, uriPath, name);
        if (text !== null) checkUri(context, text, uriPath, place);
      },
      authentication: (policy, policyPath) => checkAuthentication(context, policy, policyPath, place),
    },
    required: ['uri'],
    synonyms: { url: 'uri', auth: 'authentication' },
  });
}

/** The URI of an endpoint in either form and where it stands; null when it is no text. */
export function endpointUri(endpoint: Json | undefined, path: string): { uri: string | null; path: string } {
  const inside = isJsonObject(endpoint);
  const uri = inside ? get(endpoint, 'uri') : endpoint;
  return { uri: typeof uri === 'string' ? uri : null, path: inside ? `${path}/uri` : path };
}
