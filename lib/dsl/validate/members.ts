/** Checks of simple members, made for one report. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Report } from './report.ts';
import { asList, asObject, asText, at, kindOf, type MemberCheck } from './shape.ts';
import { listed, shown } from './text.ts';

export interface MemberChecks {
  text: MemberCheck;
  object: MemberCheck;
  boolean: MemberCheck;
  /** A number without a fraction (JSON Schema, integer). */
  integer: MemberCheck;
  /** A list of texts. */
  texts: MemberCheck;
  /** An object whose values are texts. */
  textMap: MemberCheck;
  /** One of these texts. */
  choice(allowed: readonly string[], hints?: Readonly<Record<string, string>>): MemberCheck;
}

export function memberChecks(report: Report): MemberChecks {
  const text: MemberCheck = (value, path, name) => void asText(report, value, path, name);
  return {
    text,
    object: (value, path, name) => void asObject(report, value, path, name),
    boolean(value, path, name) {
      if (typeof value === 'boolean') return;
      report.shape(path, `${name} must be true or false; it ${kindOf(value)}`);
    },
    integer(value, path, name) {
      if (Number.isInteger(value)) return;
      report.shape(path, `${name} must be a whole number; it ${kindOf(value)}`);
    },
    texts(value, path, name) {
      for (const [index, item] of asList(report, value, path, name).entries()) {
        asText(report, item, at(path, index), `an item of ${name}`);
      }
    },
    textMap(value, path, name) {
      const map = isJsonObject(value) ? value : asObject(report, value, path, name);
      for (const [key, item] of Object.entries(map ?? {})) text(item, at(path, key), shown(key));
    },
    choice: (allowed, hints = {}) => choice(report, allowed, hints),
  };
}

function choice(
  report: Report,
  allowed: readonly string[],
  hints: Readonly<Record<string, string>>,
): MemberCheck {
  return (value: Json, path: string, name: string) => {
    if (typeof value === 'string' && allowed.includes(value)) return;
    const hint = typeof value === 'string' && Object.hasOwn(hints, value) ? `; ${hints[value]}` : '';
    const is =
      typeof value === 'object' && value !== null ? kindOf(value) : `is ${shown(JSON.stringify(value))}`;
    report.shape(path, `${name} must be ${listed(allowed, 'or')}; it ${is}${hint}`);
  };
}
