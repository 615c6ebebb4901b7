/** URIs as definitions write them: a URI template over the input, or an expression. */
import { parseUriTemplate } from '../../tasks/uri-template.ts';
import type { Context } from './context.ts';
import type { Stage } from './expressions.ts';
import { isExpression, isUriTemplate, lineBreakHint } from './formats.ts';
import { embeddedRewrite } from './literals.ts';
import { shown } from './text.ts';
import { refuseFileScheme } from './unsupported.ts';

/** Where a URI is evaluated. */
export interface UriPlace {
  readonly stage: Stage;
  readonly locals: readonly string[];
}

/** A URI that a request is sent to: absolute, http or https, or an expression that gives one. */
export function checkUri(context: Context, text: string, path: string, place: UriPlace): void {
  if (isExpression(text)) context.expressions.expression(text, path, place.stage, place.locals);
  else checkUriTemplate(context, text, path);
}

/** As `checkUri`, where no expression may stand. */
export function checkUriTemplate({ report }: Context, text: string, path: string): void {
  const kind = isUriTemplate(text) ? 'semantic' : 'shape';
  const lineBreak = lineBreakHint(text);
  const rewrite = embeddedRewrite(text);
  if (lineBreak !== '' && !isExpression(text)) report.add(kind, path, lineBreak);
  else if (isExpression(text)) {
    report.add(
      kind,
      path,
      'this URL cannot be an expression; write it out (`{name}` stands for a member of the input)',
    );
  } else if (rewrite !== null) {
    report.add(
      kind,
      path,
      `a URL takes \`{name}\` from the input; for anything else make it one expression: ${rewrite}`,
    );
  } else if (refuseFileScheme(report, text, path)) {
    if (kind === 'shape') report.shape(path, `${shown(text)} is not a URI template (RFC 6570)`);
  } else {
    const problem = uriProblem(text, kind === 'shape');
    if (problem !== null) report.add(kind, path, problem);
  }
}

function uriProblem(text: string, malformed: boolean): string | null {
  if (/\s/.test(text)) return `${shown(text)} is not a URL: it has a space in it`;
  const template = parseUriTemplate(text);
  if (!template.ok) return `${shown(text)} is not a URI template: ${template.problem}`;
  if (malformed)
    return `${shown(text)} is not a URI template: it has a character that no URI has (RFC 6570, section 2.1)`;
  // A template may begin with a variable that holds the scheme and host.
  if (text.startsWith('{') || /^https?:\/\/[^/?#]/i.test(text)) return null;
  if (/^https?:\/*$/i.test(text)) return `${shown(text)} names no host; write \`https://example.com/…\``;
  return `${shown(text)} is not an absolute URL; write \`https://…\` or \`http://…\``;
}
