/**
 * Says what is wrong with a definition, all at once: shape (the language's JSON schema, July 2026), what this
 * service does not support, and what no schema can say (references, names, expressions).
 */
import { isJsonObject, type JsonObject } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';
import { MAX_DEFINITION_DEPTH } from './parse.ts';
import type { Context } from './validate/context.ts';
import { checkDocument } from './validate/document.ts';
import { ExpressionChecks } from './validate/expressions.ts';
import { Report, type Problem } from './validate/report.ts';
import { asObject, at, checkMembers, get, kindOf } from './validate/shape.ts';
import { checkTaskList } from './validate/task-list.ts';
import { checkTransform } from './validate/transform.ts';
import { checkUse, components } from './validate/use.ts';
import { shown } from './validate/text.ts';

export type { Problem };

const KNOWN = ['document', 'input', 'use', 'do', 'timeout', 'output', 'schedule', 'evaluate'];

/**
 * Checks a definition. It may be published when there are no errors; warnings are for its author.
 * @returns at most 200 errors and 200 warnings, and one more that counts the rest
 */
export function validateDefinition(definition: Json): { errors: Problem[]; warnings: Problem[] } {
  const report = new Report();
  if (!isJsonObject(definition)) {
    report.error(
      '',
      `a definition is an object with \`document\` and \`do\`; this one ${kindOf(definition)}`,
    );
  } else if (isDeeperThan(definition, MAX_DEFINITION_DEPTH)) {
    report.error('', `nested deeper than ${MAX_DEFINITION_DEPTH} levels`);
  } else if (!Object.hasOwn(definition, 'document') && isOldFormat(definition)) {
    report.error(
      '',
      '0.8 definitions need migration to DSL 1.0: there is no `document`, and 0.x had `states`',
    );
  } else checkWorkflow(report, definition);
  return report.result();
}

function checkWorkflow(report: Report, definition: JsonObject): void {
  const context: Context = {
    report,
    expressions: new ExpressionChecks(report),
    use: { errors: components(definition, 'errors'), retries: components(definition, 'retries') },
    checkedRetries: new Set(),
    taskList: (value, path, locals, name) => checkTaskList(context, value, path, locals, name),
  };
  checkMembers(report, definition, '', { of: 'a definition', known: KNOWN, required: ['document', 'do'] });
  checkDocument(report, get(definition, 'document'));
  for (const feature of ['timeout', 'schedule']) {
    if (Object.hasOwn(definition, feature)) report.unsupported(at('', feature), feature);
  }
  checkEvaluate(report, get(definition, 'evaluate'));
  const input = get(definition, 'input');
  if (input !== undefined) {
    const where = {
      path: '/input',
      name: 'input',
      key: 'from',
      stage: 'workflow input',
      locals: [],
    } as const;
    checkTransform(context, input, where);
  }
  if (Object.hasOwn(definition, 'do')) checkTaskList(context, get(definition, 'do'), '/do', [], '`do`');
  const output = get(definition, 'output');
  if (output !== undefined) {
    const where = {
      path: '/output',
      name: 'output',
      key: 'as',
      stage: 'workflow output',
      locals: [],
    } as const;
    checkTransform(context, output, where);
  }
  checkUse(context, get(definition, 'use'));
}

function checkEvaluate(report: Report, value: Json | undefined): void {
  if (value === undefined) return;
  const evaluate = asObject(report, value, '/evaluate', '`evaluate`');
  if (evaluate === null) return;
  checkMembers(report, evaluate, '/evaluate', { of: '`evaluate`', known: ['language', 'mode'] });
  const language = get(evaluate, 'language');
  if (language !== undefined && language !== 'jq') {
    const name = typeof language === 'string' ? shown(language) : `a value that ${kindOf(language)}`;
    report.error(
      '/evaluate/language',
      `\`language\` must be \`jq\`, not ${name}: no other is evaluated here`,
    );
  }
  const mode = get(evaluate, 'mode');
  if (mode === 'loose') {
    const reason =
      'it hides errors and evaluates text that came in as data; use `strict`, and enclose expressions in `${ }`';
    report.refused('/evaluate/mode', 'mode: loose', reason);
  } else if (mode !== undefined && mode !== 'strict') {
    report.error('/evaluate/mode', '`mode` must be `strict`');
  }
}

const isOldFormat = (definition: JsonObject): boolean =>
  Object.hasOwn(definition, 'states') || Object.hasOwn(definition, 'specVersion');

/** Without recursion: the value may come from anywhere. */
function isDeeperThan(root: Json, maxDepth: number): boolean {
  let level: Json[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const next: Json[] = [];
    for (const value of level) {
      if (value === null || typeof value !== 'object') continue;
      if (depth >= maxDepth) return true;
      for (const item of Array.isArray(value) ? value : Object.values(value)) next.push(item);
    }
    level = next;
  }
  return false;
}
