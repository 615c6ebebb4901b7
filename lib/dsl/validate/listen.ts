/** `listen`: the events to wait for, and what to do with each. */
import type { TaskPlace } from './context.ts';
import { checkStrategy, READ_AS } from './events.ts';
import { iteratorIn } from './iterator.ts';
import { memberChecks } from './members.ts';
import { asObject, at, checkObject, get } from './shape.ts';

export function checkListen({ context, task, path, locals }: TaskPlace): void {
  const { report } = context;
  const listenPath = at(path, 'listen');
  const listen = asObject(report, get(task, 'listen'), listenPath, '`listen`');
  if (listen !== null) {
    checkObject(report, listen, listenPath, {
      of: '`listen`',
      members: {
        to: (strategy, strategyPath) => checkStrategy(context, strategy, strategyPath, locals, '`listen.to`'),
        read: memberChecks(report).choice(READ_AS),
      },
      required: ['to'],
    });
  }
  const iterator = get(task, 'foreach');
  if (iterator !== undefined) iteratorIn(context, locals)(iterator, at(path, 'foreach'), '`foreach`');
}
