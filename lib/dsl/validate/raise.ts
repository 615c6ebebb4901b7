/** `raise`: an error defined in place, or the name of one in `use.errors`. */
import type { TaskPlace } from './context.ts';
import { checkError } from './error.ts';
import { checkReference } from './reference.ts';
import { asObject, at, checkObject, get } from './shape.ts';

export function checkRaise({ context, task, path, locals }: TaskPlace): void {
  const raisePath = at(path, 'raise');
  const raise = asObject(context.report, get(task, 'raise'), raisePath, '`raise`');
  if (raise === null) return;
  checkObject(context.report, raise, raisePath, {
    of: '`raise`',
    members: {
      error(error, errorPath) {
        if (typeof error === 'string') checkReference(context, error, errorPath, 'errors');
        else checkError(context, error, errorPath, locals);
      },
    },
    required: ['error'],
  });
}
