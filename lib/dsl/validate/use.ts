/** `use`: reusable components. */
import { isJsonObject, member } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { checkReusablePolicy } from './authentication.ts';
import { SECTIONS, type Components, type Context, type Section } from './context.ts';
import { checkEndpoint } from './endpoint.ts';
import { checkError } from './error.ts';
import { checkExtensions } from './extensions.ts';
import { checkRetryPolicy } from './retry.ts';
import { asList, asObject, asText, at, checkObject, type MemberCheck } from './shape.ts';
import { checkTask } from './task.ts';
import { checkTimeout } from './timeout.ts';
import { shown } from './text.ts';
import { NO_CATALOGS } from './unsupported.ts';

/** The components that can be referred to by name. */
export function components(definition: Json): Components {
  const section = (name: Section): ReadonlyMap<string, Json> => {
    const map = member(member(definition, 'use'), name);
    return new Map(isJsonObject(map) ? Object.entries(map) : []);
  };
  const entries = SECTIONS.map((name) => [name, section(name)] as const);
  // Built from SECTIONS, so that it has every one of them.
  return Object.fromEntries(entries) as Record<Section, ReadonlyMap<string, Json>>;
}

/** The names in `use.secrets`. */
export function secretNames(definition: Json): ReadonlySet<string> {
  const list = member(member(definition, 'use'), 'secrets');
  return new Set(Array.isArray(list) ? list.filter((name) => typeof name === 'string') : []);
}

/** The check of the member `use`. */
export const useIn =
  (context: Context): MemberCheck =>
  (value, path) => {
    const { report } = context;
    const use = asObject(report, value, path, '`use`');
    if (use === null) return;
    const each = (check: (component: Json, componentPath: string, name: string) => void): MemberCheck => {
      return (section, sectionPath, name) => {
        const map = asObject(report, section, sectionPath, `\`use.${name.slice(1)}`);
        for (const [key, component] of Object.entries(map ?? {})) {
          check(component, at(sectionPath, key), key);
        }
      };
    };
    checkObject(report, use, path, {
      of: '`use`',
      members: {
        authentications: each((policy, policyPath) => checkReusablePolicy(context, policy, policyPath)),
        catalogs: each((catalog, catalogPath, name) => checkCatalog(context, catalog, catalogPath, name)),
        errors: each((error, errorPath) => checkError(context, error, errorPath, [])),
        extensions: (extensions, extensionsPath) => checkExtensions(context, extensions, extensionsPath),
        functions: each((task, taskPath, name) => checkFunction(context, task, taskPath, name)),
        retries: each((policy, policyPath, name) => {
          if (!context.checkedRetries.has(name)) checkRetryPolicy(context, policy, policyPath, ['error']);
        }),
        secrets: secretsIn(context),
        timeouts: each((timeout, timeoutPath) => checkTimeout(context, timeout, timeoutPath, [])),
      },
    });
  };

/** A task in a scope of its own, where `then` leads nowhere. */
function checkFunction(context: Context, task: Json, path: string, name: string): void {
  const { report } = context;
  checkTask({ context, path, locals: [], siblings: new Set() }, task, name);
  if (['http', 'openapi', 'grpc', 'mcp', 'asyncapi', 'a2a'].includes(name)) {
    report.warn(path, `no \`call\` can lead to a function named ${shown(name)}: it means the call`);
  }
}

function checkCatalog(context: Context, value: Json, path: string, name: string): void {
  const { report } = context;
  report.refused(path, 'use.catalogs', NO_CATALOGS);
  const catalog = asObject(report, value, path, shown(name));
  if (catalog === null) return;
  checkObject(report, catalog, path, {
    of: 'a catalog',
    members: {
      endpoint: (endpoint, endpointPath) =>
        checkEndpoint(context, endpoint, endpointPath, { stage: 'publication', locals: [] }),
    },
    required: ['endpoint'],
  });
}

const secretsIn =
  ({ report }: Context): MemberCheck =>
  (value, path) => {
    const seen = new Set<string>();
    for (const [index, item] of asList(report, value, path, '`use.secrets`').entries()) {
      const name = asText(report, item, at(path, index), 'the name of a secret');
      if (name === null) continue;
      if (name.trim() === '') report.semantic(at(path, index), 'the name of a secret must not be empty');
      if (seen.has(name)) report.warn(at(path, index), `${shown(name)} is listed already`);
      seen.add(name);
    }
  };
