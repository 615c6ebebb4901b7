/** Events: the properties of one, filters, and the strategies by which `listen` and `schedule.on` consume them. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import { isStrictExpression } from '../../engine/expression.ts';
import type { Json } from '../../jq/index.ts';
import { expressionIn } from './condition.ts';
import type { Context } from './context.ts';
import { isDateTime, isExpression, isUriTemplate, lineBreakHint } from './formats.ts';
import { asList, asObject, asText, at, checkObject, exactlyOne, kindOf, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';

const TEXTS = ['id', 'type', 'subject', 'datacontenttype'];
/** Of one strategy: each event may have to be looked at by all of them. */
const MAX_FILTERS = 100;

/** Properties of an event; those that the language does not name are extensions of CloudEvents. */
export function checkEventProperties(
  { report, expressions }: Context,
  properties: JsonObject,
  path: string,
  locals: readonly string[],
): void {
  const formatted = (isRight: (text: string) => boolean, right: string): MemberCheck => {
    return (value, memberPath, name) => {
      const text = asText(report, value, memberPath, name);
      if (text === null || isExpression(text) || isRight(text)) return;
      const hint = lineBreakHint(text);
      report.shape(memberPath, hint === '' ? `${shown(text)} is not ${right}` : hint);
    };
  };
  const uri = formatted(isUriTemplate, 'a URI such as `https://example.com/orders`');
  const checks: Readonly<Record<string, MemberCheck>> = {
    ...Object.fromEntries(
      TEXTS.map((key) => [
        key,
        (value: Json, textPath: string, name: string) => void asText(report, value, textPath, name),
      ]),
    ),
    source: uri,
    dataschema: uri,
    time: formatted(isDateTime, 'a time such as `2026-01-31T12:00:00Z` (RFC 3339)'),
  };
  for (const [key, value] of Object.entries(properties)) {
    const memberPath = at(path, key);
    if (Object.hasOwn(checks, key)) checks[key]?.(value, memberPath, shown(key));
    expressions.template(value, memberPath, 'definition', locals);
  }
}

/** A consumption strategy: `one`, `all`, or `any` with `until`. */
export function checkStrategy(
  context: Context,
  value: Json,
  path: string,
  locals: readonly string[],
  name: string,
  nested = false,
): void {
  const { report } = context;
  const strategy = asObject(report, value, path, name);
  if (strategy === null) return;
  const filters: MemberCheck = (list, listPath, listName) => {
    const items = asList(report, list, listPath, listName);
    if (items.length > MAX_FILTERS) {
      report.semantic(
        listPath,
        `a strategy has at most ${MAX_FILTERS} filters; this one has ${items.length}`,
      );
    }
    for (const [index, filter] of items.entries()) {
      checkFilter(context, filter, at(listPath, index), locals);
    }
  };
  checkObject(report, strategy, path, {
    of: name,
    members: {
      one: (filter, filterPath) => checkFilter(context, filter, filterPath, locals),
      all: filters,
      any: filters,
      until: untilIn(context, locals, nested),
    },
  });
  const kind = exactlyOne(report, strategy, path, name, ['one', 'all', 'any']);
  if (kind !== null && kind !== 'any' && Object.hasOwn(strategy, 'until') && !nested) {
    report.shape(at(path, 'until'), `\`until\` goes with \`any\` only; this strategy is \`${kind}\``);
  }
}

const untilIn =
  (context: Context, locals: readonly string[], nested: boolean): MemberCheck =>
  (value, path, name) => {
    if (nested) context.report.shape(path, 'the strategy of an `until` has no `until` of its own');
    else if (isJsonObject(value)) checkStrategy(context, value, path, locals, name, true);
    else if (typeof value === 'string') expressionIn(context, 'definition', locals)(value, path, name);
    else context.report.shape(path, `${name} must be an expression or a strategy; it ${kindOf(value)}`);
  };

function checkFilter(context: Context, value: Json, path: string, locals: readonly string[]): void {
  const { report } = context;
  const filter = asObject(report, value, path, 'an event filter');
  if (filter === null) return;
  checkObject(report, filter, path, {
    of: 'an event filter',
    members: {
      with(given, withPath, name) {
        const properties = asObject(report, given, withPath, name);
        if (properties === null) return;
        checkEventProperties(context, properties, withPath, locals);
        if (Object.keys(properties).length > 0) return;
        report.shape(withPath, `${name} must name at least one property of the event, \`type\` say`);
      },
      correlate(given, correlatePath, name) {
        const correlations = asObject(report, given, correlatePath, name);
        for (const [key, correlation] of Object.entries(correlations ?? {})) {
          checkCorrelation(context, correlation, at(correlatePath, key), locals, key);
        }
      },
    },
    required: ['with'],
  });
}

function checkCorrelation(
  context: Context,
  value: Json,
  path: string,
  locals: readonly string[],
  key: string,
): void {
  const { report, expressions } = context;
  const correlation = asObject(report, value, path, shown(key));
  if (correlation === null) return;
  checkObject(report, correlation, path, {
    of: 'a correlation',
    members: {
      from: expressionIn(context, 'definition', locals),
      expect(expect, expectPath, name) {
        const text = asText(report, expect, expectPath, name);
        if (text !== null && isStrictExpression(text)) {
          expressions.expression(text, expectPath, 'definition', locals);
        }
      },
    },
    required: ['from'],
    open: true,
  });
}

/** The form in which events are read. */
export const READ_AS = ['data', 'envelope', 'raw'];
