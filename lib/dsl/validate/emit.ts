/** `emit`: the event to publish. */
import type { TaskPlace } from './context.ts';
import { checkEventProperties } from './events.ts';
import { asObject, at, checkObject, get } from './shape.ts';

export function checkEmit({ context, task, path, locals }: TaskPlace): void {
  const { report } = context;
  const emitPath = at(path, 'emit');
  report.unsupported(emitPath, 'emit');
  const emit = asObject(report, get(task, 'emit'), emitPath, '`emit`');
  if (emit === null) return;
  checkObject(report, emit, emitPath, {
    of: '`emit`',
    members: {
      event(value, eventPath, name) {
        const event = asObject(report, value, eventPath, name);
        if (event === null) return;
        checkObject(report, event, eventPath, {
          of: '`emit.event`',
          members: {
            with(given, withPath, withName) {
              const properties = asObject(report, given, withPath, withName);
              if (properties === null) return;
              if (!Object.hasOwn(properties, 'type')) {
                report.shape(withPath, 'missing `type`; an event that is emitted needs `type`');
              }
              checkEventProperties(context, properties, withPath, locals);
            },
          },
          open: true,
        });
        if (!Object.hasOwn(event, 'with')) {
          report.semantic(eventPath, 'missing `with`; an event that is emitted needs `with` with `type`');
        }
      },
    },
    required: ['event'],
  });
}
