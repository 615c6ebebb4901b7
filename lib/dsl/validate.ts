/**
 * Says what is wrong with a definition, all at once: shape (the language's JSON schema, July 2026), what this
 * service does not support, and what no schema can say (references, names, expressions).
 */
import { isJsonObject, type JsonObject } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';
import { MAX_DEFINITION_DEPTH } from './parse.ts';
import type { Context } from './validate/context.ts';
import { checkDocument } from './validate/document.ts';
import { evaluateIn, isLoose } from './validate/evaluate.ts';
import { ExpressionChecks } from './validate/expressions.ts';
import { Report, type DefinitionError, type Problem } from './validate/report.ts';
import { checkScheduleSettings } from './validate/schedule-settings.ts';
import { scheduleIn } from './validate/schedule.ts';
import { checkObject, kindOf } from './validate/shape.ts';
import { checkTaskList } from './validate/task-list.ts';
import { timeoutIn } from './validate/timeout.ts';
import { transformIn } from './validate/transform.ts';
import { components, secretNames, useIn } from './validate/use.ts';

export type { DefinitionError, Problem };

/** What a deployment sets. */
export interface DefinitionLimits {
  /** Branches of one `fork` (MAX_FORK_BRANCHES). */
  maxForkBranches: number;
}

const DEFAULT_LIMITS: DefinitionLimits = { maxForkBranches: 1000 };

/**
 * Checks a definition. It may be published when there are no errors; warnings are for its author.
 * @returns at most 200 errors and 200 warnings, and one more that counts the rest
 */
export function validateDefinition(
  definition: Json,
  limits: DefinitionLimits = DEFAULT_LIMITS,
): { errors: DefinitionError[]; warnings: Problem[] } {
  const report = new Report();
  if (!isJsonObject(definition)) {
    report.shape(
      '',
      `a definition is an object with \`document\` and \`do\`; this one ${kindOf(definition)}`,
    );
  } else if (isDeeperThan(definition, MAX_DEFINITION_DEPTH)) {
    report.semantic('', `nested deeper than ${MAX_DEFINITION_DEPTH} levels`);
  } else if (!Object.hasOwn(definition, 'document') && isOldFormat(definition)) {
    report.shape(
      '',
      '0.8 definitions need migration to DSL 1.0: there is no `document`, and 0.x had `states`',
    );
  } else checkWorkflow(report, definition, limits);
  return report.result();
}

/** The language's schema lets unknown members of the root through. */
function checkWorkflow(report: Report, definition: JsonObject, limits: DefinitionLimits): void {
  const secrets = secretNames(definition);
  const context: Context = {
    report,
    expressions: new ExpressionChecks(report, { loose: isLoose(definition), secrets }),
    use: components(definition),
    secrets,
    checkedRetries: new Set(),
    limits,
    taskList: (value, where) => checkTaskList(context, value, where),
  };
  checkObject(report, definition, '', {
    of: 'a definition',
    members: {
      document: (document) => checkDocument(report, document),
      input: transformIn(context, 'from', 'workflow input', []),
      do: (list, path) => checkTaskList(context, list, { path, locals: [], name: '`do`' }),
      output: transformIn(context, 'as', 'workflow output', []),
      timeout: timeoutIn(context, []),
      schedule: scheduleIn(context),
      evaluate: evaluateIn(context),
      use: useIn(context),
    },
    required: ['document', 'do'],
    open: true,
  });
  checkScheduleSettings(report, definition);
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
