/** `evaluate`: the language and the mode of expressions. */
import type { Json } from '../../jq/index.ts';
import { member } from '../../engine/json.ts';
import type { Context } from './context.ts';
import { memberChecks } from './members.ts';
import { asObject, asText, checkObject, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';

/** Whether any text of a template is an expression when it parses. */
export const isLoose = (definition: Json): boolean =>
  member(member(definition, 'evaluate'), 'mode') === 'loose';

/** The check of the member `evaluate`. */
export const evaluateIn =
  ({ report }: Context): MemberCheck =>
  (value, path) => {
    const evaluate = asObject(report, value, path, '`evaluate`');
    if (evaluate === null) return;
    checkObject(report, evaluate, path, {
      of: '`evaluate`',
      members: {
        language(language, languagePath, name) {
          const text = asText(report, language, languagePath, name);
          if (text === null || text === 'jq') return;
          report.add(
            'unsupported',
            languagePath,
            `\`language\` must be \`jq\`, not ${shown(text)}: no other is evaluated here`,
          );
        },
        mode: memberChecks(report).choice(['strict', 'loose']),
      },
    });
  };
