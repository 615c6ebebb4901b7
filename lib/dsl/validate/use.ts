/** `use`: reusable components. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { checkError } from './raise.ts';
import { checkRetryPolicy } from './retry.ts';
import type { Report } from './report.ts';
import { asObject, at, checkMembers, get } from './shape.ts';

const NOT_YET = ['authentications', 'catalogs', 'extensions', 'functions', 'secrets', 'timeouts'];
const KNOWN = ['errors', 'retries', ...NOT_YET];

/** The components of a section by name; empty when the section is absent or no object. */
export function components(definition: JsonObject, section: 'errors' | 'retries'): Map<string, Json> {
  const use = get(definition, 'use');
  const map = isJsonObject(use) ? get(use, section) : undefined;
  return new Map(isJsonObject(map) ? Object.entries(map) : []);
}

export function checkUse(context: Context, value: Json | undefined): void {
  const { report } = context;
  if (value === undefined) return;
  const path = '/use';
  const use = asObject(report, value, path, '`use`');
  if (use === null) return;
  checkMembers(report, use, path, { of: '`use`', known: KNOWN });
  for (const section of NOT_YET) {
    if (Object.hasOwn(use, section)) report.unsupported(at(path, section), `use.${section}`);
  }
  for (const [name, error] of Object.entries(sectionOf(report, use, 'errors'))) {
    checkError(context, error, at('/use/errors', name), []);
  }
  for (const [name, policy] of Object.entries(sectionOf(report, use, 'retries'))) {
    if (!context.checkedRetries.has(name)) {
      checkRetryPolicy(context, policy, at('/use/retries', name), ['error']);
    }
  }
}

function sectionOf(report: Report, use: JsonObject, section: 'errors' | 'retries'): JsonObject {
  const value = get(use, section);
  if (value === undefined) return {};
  return asObject(report, value, at('/use', section), `\`use.${section}\``) ?? {};
}
