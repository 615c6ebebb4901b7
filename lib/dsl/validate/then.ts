/** Flow directives: `continue`, `exit`, `end`, or the name of a task in the same list. */
import type { Json } from '../../jq/index.ts';
import type { Report } from './report.ts';
import { asText } from './shape.ts';
import { didYouMean, listed, shown } from './text.ts';

const DIRECTIVES = ['continue', 'exit', 'end'];

export function checkThen(report: Report, value: Json, path: string, siblings: ReadonlySet<string>): void {
  const target = asText(report, value, path, '`then`');
  if (target === null || DIRECTIVES.includes(target) || siblings.has(target)) return;
  if (report.full) {
    report.semantic(path, '');
    return;
  }
  if (siblings.size === 0) {
    report.semantic(
      path,
      `a branch or a function leads to no other task; \`then\` may be ${listed(DIRECTIVES, 'or')}`,
    );
    return;
  }
  const near = didYouMean(target, [...siblings, ...DIRECTIVES]);
  report.semantic(
    path,
    `there is no task ${shown(target)} in this list${near}${near === '' ? ';' : ''} it has ${listed(siblings)}, and \`then\` may also be ${listed(DIRECTIVES, 'or')}`,
  );
}
