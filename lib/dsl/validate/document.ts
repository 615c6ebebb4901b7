/** `document`: what the workflow is called and which version of the language it is written in. */
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Report } from './report.ts';
import { LABEL, SEMANTIC_VERSION } from './formats.ts';
import { memberChecks } from './members.ts';
import { asObject, asText, at, checkObject, get, kindOf } from './shape.ts';
import { shown } from './text.ts';

const MAX_VERSION_LENGTH = 255;

export function checkDocument(report: Report, value: Json | undefined): void {
  const path = '/document';
  if (value === undefined) return;
  const document = asObject(report, value, path, '`document`');
  if (document === null) return;
  const { text, object } = memberChecks(report);
  checkObject(report, document, path, {
    of: '`document`',
    members: {
      dsl: () => checkDsl(report, document),
      namespace: (name, namePath) => checkLabel(report, name, namePath, 'namespace'),
      name: (name, namePath) => checkLabel(report, name, namePath, 'name'),
      version: () => void checkVersion(report, document, 'version'),
      title: text,
      summary: text,
      tags: object,
      metadata: object,
    },
    required: ['dsl', 'namespace', 'name', 'version'],
  });
}

/** A version before 1, also one that lacks a part or its quotes, as most were written: `0.8`. */
const isBeforeOne = (dsl: Json | undefined): dsl is string | number =>
  typeof dsl === 'string' ? /^v?0(?:\.|$)/.test(dsl) : typeof dsl === 'number' && dsl >= 0 && dsl < 1;

function checkDsl(report: Report, document: JsonObject): void {
  const dsl = get(document, 'dsl');
  if (isBeforeOne(dsl)) {
    report.add(
      typeof dsl === 'string' && SEMANTIC_VERSION.test(dsl) ? 'unsupported' : 'shape',
      '/document/dsl',
      `${shown(String(dsl))} is not supported: 0.8 definitions need migration to DSL 1.0, for example \`dsl: '1.0.3'\``,
    );
    return;
  }
  const match = checkVersion(report, document, 'dsl');
  if (match === null || match[1] === '1') return;
  report.add(
    'unsupported',
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
    report.shape(path, `\`${key}\` must be a text with a semantic version${quoted}`);
    return null;
  }
  const match = SEMANTIC_VERSION.exec(value);
  if (match === null) {
    report.shape(
      path,
      `${shown(value)} is not a semantic version such as \`1.0.0\` (three numbers with dots)`,
    );
  } else if (value.length > MAX_VERSION_LENGTH) {
    report.semantic(
      path,
      `\`${key}\` has at most ${MAX_VERSION_LENGTH} characters; this one has ${value.length}`,
    );
    return null;
  }
  return match;
}

/** A namespace or the name of a workflow. */
function checkLabel(report: Report, value: Json, path: string, key: 'namespace' | 'name'): void {
  const text = asText(report, value, path, `\`${key}\``);
  if (text !== null && !LABEL.test(text)) report.shape(path, labelProblem(text, key));
}

/** Says what a label is. */
export const labelProblem = (text: string, key: string): string =>
  `${shown(text)} is not a valid ${key}: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends`;
