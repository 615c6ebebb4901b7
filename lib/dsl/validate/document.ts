/** `document`: what the workflow is called and which version of the language it is written in. */
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Report } from './report.ts';
import { asObject, asText, at, checkMembers, get, kindOf } from './shape.ts';
import { shown } from './text.ts';

const KNOWN = ['dsl', 'namespace', 'name', 'version', 'title', 'summary', 'tags', 'metadata'];
const REQUIRED = ['dsl', 'namespace', 'name', 'version'];

/** Semantic Versioning 2.0.0, its own suggested pattern; texts are cut to MAX_VERSION_LENGTH before. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;
const MAX_VERSION_LENGTH = 255;

/** A DNS label (RFC 1123, section 2.1), in either case as the language's schema allows. */
const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

export function checkDocument(report: Report, value: Json | undefined): void {
  const path = '/document';
  if (value === undefined) return;
  const document = asObject(report, value, path, '`document`');
  if (document === null) return;
  checkMembers(report, document, path, { of: '`document`', known: KNOWN, required: REQUIRED });
  checkDsl(report, document);
  checkLabel(report, document, 'namespace');
  checkLabel(report, document, 'name');
  checkVersion(report, document, 'version');
  for (const key of ['title', 'summary']) {
    const text = get(document, key);
    if (text !== undefined) asText(report, text, at(path, key), `\`${key}\``);
  }
  for (const key of ['tags', 'metadata']) {
    const map = get(document, key);
    if (map !== undefined) asObject(report, map, at(path, key), `\`${key}\``);
  }
}

/** A version before 1, also one that lacks a part or its quotes, as most were written: `0.8`. */
const isBeforeOne = (dsl: Json | undefined): dsl is string | number =>
  typeof dsl === 'string' ? /^v?0(?:\.|$)/.test(dsl) : typeof dsl === 'number' && dsl >= 0 && dsl < 1;

function checkDsl(report: Report, document: JsonObject): void {
  const dsl = get(document, 'dsl');
  if (isBeforeOne(dsl)) {
    report.error(
      '/document/dsl',
      `${shown(String(dsl))} is not supported: 0.8 definitions need migration to DSL 1.0, for example \`dsl: '1.0.3'\``,
    );
    return;
  }
  const match = checkVersion(report, document, 'dsl');
  if (match === null || match[1] === '1') return;
  report.error(
    '/document/dsl',
    `${shown(match[0])} is not supported; write a version of DSL 1, for example \`dsl: '1.0.3'\``,
  );
}

function checkVersion(report: Report, document: JsonObject, key: 'dsl' | 'version'): RegExpExecArray | null {
  const value = get(document, key);
  if (value === undefined) return null;
  const path = at('/document', key);
  if (typeof value !== 'string') {
    const quoted =
      typeof value === 'number'
        ? `; it ${kindOf(value)}: put all three parts in quotes, \`${key}: '1.0.0'\``
        : `; it ${kindOf(value)}`;
    report.error(path, `\`${key}\` must be a text with a semantic version${quoted}`);
    return null;
  }
  const match = value.length > MAX_VERSION_LENGTH ? null : SEMVER.exec(value);
  if (match === null) {
    report.error(
      path,
      `${shown(value)} is not a semantic version such as \`1.0.0\` (three numbers with dots)`,
    );
  }
  return match;
}

function checkLabel(report: Report, document: JsonObject, key: 'namespace' | 'name'): void {
  const value = get(document, key);
  if (value === undefined) return;
  const path = at('/document', key);
  const text = asText(report, value, path, `\`${key}\``);
  if (text !== null && !LABEL.test(text)) {
    report.error(
      path,
      `${shown(text)} is not a valid ${key}: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends`,
    );
  }
}
