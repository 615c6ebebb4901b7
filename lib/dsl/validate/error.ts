/** Errors as `raise` and `use.errors` define them. */
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { isExpression, isUriTemplate, JSON_POINTER, lineBreakHint } from './formats.ts';
import { asObject, asText, checkObject, kindOf, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';

export function checkError(context: Context, value: Json, path: string, locals: readonly string[]): void {
  const { report, expressions } = context;
  const error = asObject(report, value, path, 'an error');
  if (error === null) return;
  const words: MemberCheck = (member, memberPath, name) => {
    const text = asText(report, member, memberPath, name);
    if (text !== null) expressions.template(text, memberPath, 'definition', locals);
  };
  checkObject(report, error, path, {
    of: 'an error',
    members: {
      status: (status, statusPath) => checkStatus(context, status, statusPath, 400),
      type: formatted(
        context,
        locals,
        isUriTemplate,
        'a URI such as `https://example.com/errors/out-of-stock`',
      ),
      instance: formatted(
        context,
        locals,
        (text) => JSON_POINTER.test(text),
        'a JSON pointer such as `/do/0/myTask` (RFC 6901)',
      ),
      title: words,
      detail: words,
    },
    required: ['type', 'status'],
    synonyms: { details: 'detail', message: 'detail', code: 'status' },
  });
}

/** A status, as errors have it and as filters compare it. */
export function checkStatus({ report }: Context, value: Json, path: string, example: number): void {
  if (!Number.isInteger(value)) {
    report.shape(path, `\`status\` must be a whole number such as ${example}; it ${kindOf(value)}`);
  } else if (!Number.isSafeInteger(value)) {
    report.semantic(path, `\`status\` must be a number such as ${example}; this one is too large`);
  }
}

/** A text that is either an expression or of some format. */
function formatted(
  context: Context,
  locals: readonly string[],
  isRight: (text: string) => boolean,
  right: string,
): MemberCheck {
  const { report, expressions } = context;
  return (value, path, name) => {
    const text = asText(report, value, path, name);
    if (text === null) return;
    if (isExpression(text)) expressions.expression(text, path, 'definition', locals);
    else if (!isRight(text)) {
      const hint = lineBreakHint(text);
      report.shape(path, hint === '' ? `${shown(text)} is not ${right}` : hint);
    }
  };
}
