/** `emit`: the event to publish. */
import type { JsonObject } from '../../engine/json.ts';
import { isAttributeName } from '../../tasks/events/make.ts';
import type { TaskPlace } from './context.ts';
import { checkEventProperties } from './events.ts';
import type { Report } from './report.ts';
import { asObject, at, checkObject, get } from './shape.ts';
import { shown } from './text.ts';

export function checkEmit({ context, task, path, locals }: TaskPlace): void {
  const { report } = context;
  const emitPath = at(path, 'emit');
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
              checkNames(report, properties, withPath);
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

/** CloudEvents 1.0, section 3.1: what the language calls extension attributes too. */
function checkNames(report: Report, properties: JsonObject, path: string): void {
  for (const name of Object.keys(properties)) {
    if (isAttributeName(name)) continue;
    report.semantic(
      at(path, name),
      `${shown(name)} cannot name an attribute of an event: write 1 to 64 characters of \`a\` to \`z\` and \`0\` to \`9\`, or put it into \`data\``,
    );
  }
}
