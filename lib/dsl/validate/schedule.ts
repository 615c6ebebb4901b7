/** `schedule`: when runs start by themselves. */
import type { JsonObject } from '../../engine/json.ts';
import type { Context } from './context.ts';
import { cronProblem } from './cron.ts';
import { checkDuration, positiveDurationIn } from './duration.ts';
import { checkStrategy, READ_AS } from './events.ts';
import { memberChecks } from './members.ts';
import { asObject, asText, at, checkObject, type MemberCheck } from './shape.ts';
import { listed } from './text.ts';

const STARTS = ['every', 'cron', 'after', 'on'];

/** The check of the member `schedule`. */
export const scheduleIn =
  (context: Context): MemberCheck =>
  (value, path) => {
    const { report } = context;
    const schedule = asObject(report, value, path, '`schedule`');
    if (schedule === null) return;
    checkObject(report, schedule, path, {
      of: '`schedule`',
      members: {
        every: positiveDurationIn(context, []),
        cron(cron, cronPath, name) {
          const text = asText(report, cron, cronPath, name);
          const problem = text === null ? null : cronProblem(text);
          if (problem !== null) report.semantic(cronPath, problem);
        },
        after: (after, afterPath, name) => void checkDuration(context, after, afterPath, [], name),
        on: (strategy, strategyPath) => checkStrategy(context, strategy, strategyPath, [], '`schedule.on`'),
        read: memberChecks(report).choice(READ_AS),
      },
    });
    checkStarts(context, schedule, path);
  };

function checkStarts({ report }: Context, schedule: JsonObject, path: string): void {
  if (Object.hasOwn(schedule, 'read') && !Object.hasOwn(schedule, 'on')) {
    report.shape(at(path, 'read'), '`read` says how events are read, and goes with `on` only');
  }
  const given = STARTS.filter((name) => Object.hasOwn(schedule, name));
  if (given.length === 1) return;
  const has = given.length === 0 ? 'none' : listed(given);
  report.semantic(path, `\`schedule\` must have exactly one of ${listed(STARTS, 'or')}; it has ${has}`);
}
