/** `foreach` of `listen` and of a subscription: what is done with every event or message. */
import type { Context } from './context.ts';
import { checkLocalName } from './local-name.ts';
import { asObject, at, checkObject, get, type MemberCheck } from './shape.ts';
import { transformIn } from './transform.ts';

export const iteratorIn =
  (context: Context, locals: readonly string[]): MemberCheck =>
  (value, path, name) => {
    const { report } = context;
    const iterator = asObject(report, value, path, name);
    if (iterator === null) return;
    const item = checkLocalName(report, get(iterator, 'item'), at(path, 'item'), '`item`', 'item');
    const index = checkLocalName(report, get(iterator, 'at'), at(path, 'at'), '`at`', 'index');
    if (item === index) {
      report.semantic(at(path, 'at'), `\`item\` and \`at\` both name the variable \`${item}\``);
    }
    const inner = [...new Set([...locals, item, index])];
    checkObject(report, iterator, path, {
      of: name,
      members: {
        item: null,
        at: null,
        do: (list, listPath) =>
          context.taskList(list, { path: listPath, locals: inner, name: '`foreach.do`' }),
        output: transformIn(context, 'as', 'definition', inner),
        export: transformIn(context, 'as', 'export', inner),
      },
      synonyms: { each: 'item', index: 'at' },
    });
  };
