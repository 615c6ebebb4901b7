import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cronProblem } from '../../../lib/dsl/validate/cron.ts';
import type { JsonObject } from '../../../lib/engine/json.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { errorsOf, tasks, workflow } from './definitions.ts';

const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`)).map((error) => error.replace('/do/0/t', ''));

describe('listen and emit', () => {
  it.each([
    '{ emit: { event: { with: { type: a, roomid: 5, data: { a: "${ .x }" } } } } }',
    '{ listen: { to: { any: [], until: "${ false }" }, read: raw }, foreach: { do: [] } }',
  ])('are accepted: %s', (task) => {
    expect(errorsIn(task)).toEqual([]);
  });

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
      '{ emit: { event: { with: {} } } }',
      ['/emit/event/with: missing `type`; an event that is emitted needs `type`'],
    ],
    [
      '{ emit: { event: { with: { type: a } }, x: 1 } }',
      [expect.stringMatching(/^\/emit\/x: unknown property `x`/)],
    ],
    [
      '{ listen: { to: {} } }',
      ['/listen/to: `listen.to` must have exactly one of `one`, `all` or `any`; it has none'],
    ],
    [
      '{ listen: { to: { any: [] } }, foreach: { do: 5 } }',
      ['/foreach/do: `foreach.do` must be a list of tasks; it is a number'],
    ],
    [
      '{ emit: { event: {} } }',
      ['/emit/event: missing `with`; an event that is emitted needs `with` with `type`'],
    ],
    [
      '{ emit: { event: { with: { type: t, data: { a: "${ .x + }" } } } } }',
      [expect.stringMatching(/^\/emit\/event\/with\/data\/a: the expression/)],
    ],
    [
      '{ emit: { event: { with: { type: t, roomId: 5 } } } }',
      [expect.stringMatching(/^\/emit\/event\/with\/roomId: `roomId` cannot name an attribute of an event/)],
    ],
    [
      `{ listen: { to: { any: [ ${'{ with: { type: t } }, '.repeat(101)} ] } } }`,
      ['/listen/to/any: a strategy has at most 100 filters; this one has 101'],
    ],
  ])('%s', (task, errors) => {
    expect(errorsIn(task)).toEqual(errors);
  });
});

describe('schedule', () => {
  const errorsOfSchedule = (members: string): string[] =>
    errorsOf(workflow(`do: []\nschedule: { ${members} }`));

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

describe('the settings of a schedule', () => {
  const problems = (settings: string, schedule = 'schedule: { cron: "0 9 * * *" }'): string[] =>
    errorsOf({
      ...(workflow(`do: []\n${schedule}`) as JsonObject),
      document: {
        dsl: '1.0.3',
        namespace: 'n',
        name: 'n',
        version: '1.0.0',
        metadata: { vespid: parse(settings) as Json },
      },
    }).map((error) => error.replace('/document/metadata/vespid', ''));

  it.each(['{}', '{ other: 1 }', '{ schedule: { timeZone: Europe/Berlin, overlap: skip, catchUp: false } }'])(
    'are accepted: %s',
    (settings) => {
      expect(problems(settings)).toEqual([]);
    },
  );

  it.each([
    ['5', ': `vespid` must be an object of settings; it is a number'],
    [
      '{ schedule: daily }',
      '/schedule: `schedule` must be an object with `timeZone`, `overlap` or `catchUp`; it is a string',
    ],
    [
      '{ schedule: { zone: UTC } }',
      '/schedule/zone: unknown setting `zone`; there are `timeZone`, `overlap` and `catchUp`',
    ],
    [
      '{ schedule: { timezone: UTC } }',
      '/schedule/timezone: unknown setting `timezone`; did you mean `timeZone`?',
    ],
    [
      '{ schedule: { timeZone: Mars/Base } }',
      '/schedule/timeZone: `Mars/Base` is not a time zone; write its IANA name, `Europe/Berlin` say',
    ],
    [
      '{ schedule: { overlap: queue } }',
      '/schedule/overlap: `overlap` must be `allow`, `skip` or `cancel`; it is `"queue"`',
    ],
    ['{ schedule: { catchUp: 1 } }', '/schedule/catchUp: `catchUp` must be true or false; it is a number'],
  ])('%s', (settings, message) => {
    expect(problems(settings)).toEqual([message]);
  });

  it('say the time zone in one place', () => {
    expect(
      problems('{ schedule: { timeZone: UTC } }', 'schedule: { cron: "TZ=Asia/Tokyo 0 9 * * *" }'),
    ).toEqual(['/schedule/timeZone: the time zone is said twice: `schedule.cron` begins with one']);
  });
});

describe('cron expressions', () => {
  it.each([
    '* * * * *',
    '*/5 0-23/2 1,15 jan-mar MON',
    '0 0 31 12 7',
    '59 23 * * sun,6',
    ' 0 0 * * * ',
    'CRON_TZ=Europe/Berlin 0 9 * * *',
    'TZ=America/Argentina/Buenos_Aires  0 9 * * *',
    'TZ=UTC 0 9 * * *',
  ])('accepts %j', (text) => {
    expect(cronProblem(text)).toBeNull();
  });

  it.each(['CRON_TZ=Mars/Base 0 9 * * *', 'TZ= 0 9 * * *', 'TZ=+01:00 0 9 * * *', 'CRON_TZ=Europe/Berlin'])(
    'refuses the time zone or the rest of %j',
    (text) => {
      expect(cronProblem(text)).toMatch(/is not a time zone|has five fields/);
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
