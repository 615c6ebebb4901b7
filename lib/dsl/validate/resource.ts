/** External resources: fetched when a version is published, so that their place must be known then. */
import { parseUriTemplate } from '../../tasks/uri-template.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { checkEndpoint, endpointUri } from './endpoint.ts';
import { isExpression } from './formats.ts';
import { memberChecks } from './members.ts';
import { asObject, checkObject, get } from './shape.ts';

/** `{ name?, endpoint }`, read at publish. `name` begins the message. */
export function checkResource(context: Context, value: Json, path: string, name: string): void {
  const { report } = context;
  const resource = asObject(report, value, path, name);
  if (resource === null) return;
  checkObject(report, resource, path, {
    of: name,
    members: {
      name: memberChecks(report).text,
      endpoint: (endpoint, endpointPath) =>
        checkEndpoint(context, endpoint, endpointPath, { stage: 'publication', locals: [] }),
    },
    required: ['endpoint'],
    synonyms: { uri: 'endpoint', url: 'endpoint' },
  });
  const { uri, path: uriPath } = endpointUri(get(resource, 'endpoint'), `${path}/endpoint`);
  if (uri === null) return;
  const template = parseUriTemplate(uri);
  const varies =
    isExpression(uri) || (template.ok && template.template.parts.some((part) => typeof part !== 'string'));
  if (!varies) return;
  report.semantic(
    uriPath,
    'a document is fetched when the workflow is published: write its whole URL, without expressions and variables',
  );
}
