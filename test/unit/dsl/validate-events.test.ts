import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../../lib/dsl/validate/cron.ts';
import { errorsOf, tasks, workflow } from './definitions.ts';

const NOT_YET = / is not supported yet$/;
const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`))
    .filter((error) => !NOT_YET.test(error))
    .map((error) => error.replace('/do/0/t', ''));

describe('listen and emit, which come next, are checked all the same', () => {
  it.each([
    [
      '{ listen: { to: { all: [], until: .x } } }',
      ['/listen/to/until: `until` goes with `any` only; this strategy is `all`'],
    ],
    [
      '{ listen: { to: { any: [], until: { any: [], until: .x } } } }',
      ['/listen/to/until/until: the strategy of an `until` has no `until` of its own'],
    ],
    [
      '{ listen: { to: { any: [], until: ".x +" } } }',
      [expect.stringMatching(/^\/listen\/to\/until: the expression/)],
    ],
    [
      '{ listen: { to: { one: { with: {} } } } }',
      ['/listen/to/one/with: `with` must name at least one property of the event, `type` say'],
    ],
    [
      '{ listen: { to: { one: { with: { time: noon } } } } }',
      ['/listen/to/one/with/time: `noon` is not a time such as `2026-01-31T12:00:00Z` (RFC 3339)'],
    ],
    [
      '{ listen: { to: { one: { with: { type: t }, correlate: { c: {} } } } } }',
      ['/listen/to/one/correlate/c: missing `from`; a correlation needs `from`'],
    ],
    [
      '{ listen: { to: { any: [] } }, foreach: { item: x, at: x } }',
      ['/foreach/at: `item` and `at` both name the variable `x`'],
    ],
    [
      '{ listen: { to: { any: [] } }, foreach: { item: e, do: [ { a: { set: { x: "${ [$e, $index, $item] }" } } } ] } }',
      [expect.stringMatching(/^\/foreach\/do\/0\/a\/set\/x: `\$item` is not defined here/)],
    ],
    [
      '{ emit: { event: {} } }',
      ['/emit/event: missing `with`; an event that is emitted needs `with` with `type`'],
    ],
    [
      '{ emit: { event: { with: { type: t, data: { a: "${ .x + }" } } } } }',
      [expect.stringMatching(/^\/emit\/event\/with\/data\/a: the expression/)],
    ],
  ])('%s', (task, errors) => {
    expect(errorsIn(task)).toEqual(errors);
  });
});

describe('schedule', () => {
  const errorsOfSchedule = (members: string): string[] =>
    errorsOf(workflow(`do: []\nschedule: { ${members} }`)).filter((error) => !NOT_YET.test(error));

  it('starts runs in one way only', () => {
    expect(errorsOfSchedule('every: PT1M')).toEqual([]);
    expect(errorsOfSchedule('every: PT1M, cron: "0 0 * * *"')).toEqual([
      '/schedule: `schedule` must have exactly one of `every`, `cron`, `after` or `on`; it has `every` and `cron`',
    ]);
    expect(errorsOfSchedule('')).toEqual([
      '/schedule: `schedule` must have exactly one of `every`, `cron`, `after` or `on`; it has none',
    ]);
  });

  it.each([
    ['every: PT0S', '/schedule/every: `every` must be longer than nothing'],
    [
      'cron: "0 0 * * * *"',
      '/schedule/cron: a cron expression has five fields, minute, hour, day of the month, month and day of the week; this one has 6 (there are no seconds)',
    ],
    ['after: soon', '/schedule/after: `soon` is not an ISO 8601 duration such as `PT30S` or `P1DT12H`'],
    ['every: PT1S, read: data', '/schedule/read: `read` says how events are read, and goes with `on` only'],
    [
      'on: { any: [] }, read: all',
      '/schedule/read: `read` must be `data`, `envelope` or `raw`; it is `"all"`',
    ],
  ])('%s', (members, message) => {
    expect(errorsOfSchedule(members)).toEqual([message]);
  });
});

describe('cron expressions', () => {
  it.each(['* * * * *', '*/5 0-23/2 1,15 jan-mar MON', '0 0 31 12 7', '59 23 * * sun,6', ' 0 0 * * * '])(
    'accepts %j',
    (text) => {
      expect(cronProblem(text)).toBeNull();
    },
  );

  it.each([
    ['60 * * * *', '`60` is not a valid minute (0 to 59)'],
    ['* 24 * * *', '`24` is not a valid hour (0 to 23)'],
    ['* * 0 * *', '`0` is not a valid day of the month (1 to 31)'],
    ['* * * 13 *', '`13` is not a valid month (1 to 12)'],
    ['* * * * 8', '`8` is not a valid day of the week (0 to 7)'],
    ['*/0 * * * *', '`*/0` is not a valid minute (0 to 59)'],
    ['5/10 * * * *', '`5/10` is not a valid minute (0 to 59); a step goes with `*` or a range'],
    ['30-10 * * * *', '`30-10` is not a valid minute (0 to 59)'],
    ['1,,2 * * * *', '`` is not a valid minute (0 to 59)'],
    ['@daily', 'write the five fields, `0 0 * * *` say, instead of a nickname'],
  ])('%j: %s', (text, problem) => {
    expect(cronProblem(text)).toBe(problem);
  });

  it.each(['', '0', '0 0 * *', '0 0 * * * * *'])('refuses %j', (text) => {
    expect(cronProblem(text)).toMatch(/^a cron expression has five fields, .*; this one has \d/);
  });
});
