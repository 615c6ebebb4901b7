/** Events and schedules. */
import type { CloudEvent, Json } from '../../../lib/engine/types.ts';
import { root, task, type Section } from '../feature.ts';

const BODY = 'do: [ { t: { set: { a: 1 } } } ]';
const FILTER = '{ with: { type: x.y } }';
const OTHER = '{ with: { type: z } }';
const EMIT = 'test/unit/tasks/emit.test.ts';
const LISTEN = 'test/unit/tasks/listen.test.ts';
const FOREACH = 'test/unit/tasks/listen-foreach.test.ts';
const FILTERS = 'test/unit/tasks/events/filter.test.ts';
const VALIDATE = 'test/unit/dsl/validate-events.test.ts';

const event = (id: string, type: string, data: Json = null, more: CloudEvent = {}): CloudEvent => ({
  specversion: '1.0',
  id,
  source: 'https://x.y',
  type,
  data,
  ...more,
});
const events = [event('1', 'x.y', 1), event('2', 'other', 2), event('3', 'x.y', 3), event('4', 'z', 4)];

const listen = (rest: string, more = ''): string => `{ listen: { ${rest} }${more} }`;
const schedule = (rest: string): string => `schedule: { ${rest} }\n${BODY}`;

const emitted = {
  specversion: '1.0',
  id: 'i',
  source: 'https://x.y',
  time: '2026-01-31T12:00:00Z',
  type: 'x.y',
  subject: 's',
  dataschema: 'https://x.y/s',
  datacontenttype: 'text/plain',
  data: { a: 1 },
};

export const eventSections: readonly Section[] = [
  {
    title: '`emit`',
    features: [
      task(
        '`event.with`: `id`, `source`, `type`, `time`, `subject`, `datacontenttype`, `dataschema`, `data`',
        "{ emit: { event: { with: { id: i, type: x.y, source: 'https://x.y', time: '2026-01-31T12:00:00Z', subject: s, datacontenttype: text/plain, dataschema: 'https://x.y/s', data: { a: 1 } } } } }",
        { gives: emitted, shown: ['ctk: Emit Task', 'examples/emit.yaml', EMIT] },
      ),
      task(
        'extension attributes',
        '{ emit: { event: { with: { type: x.y, roomid: 5 } } }, output: { as: .roomid } }',
        { gives: 5, shown: [EMIT] },
      ),
    ],
  },
  {
    title: '`listen`',
    features: [
      task('`to.one`', listen(`to: { one: ${FILTER} }`), {
        events,
        gives: [1],
        shown: ['examples/listen-to-one.yaml', LISTEN],
      }),
      task('`to.all`', listen(`to: { all: [ ${OTHER}, ${FILTER} ] }`), {
        events,
        gives: [1, 4],
        shown: ['examples/listen-to-all.yaml', LISTEN],
      }),
      task('`to.any`', listen(`to: { any: [ ${OTHER}, ${FILTER} ] }`), {
        events,
        gives: [1],
        shown: ['examples/listen-to-any-filter.yaml', LISTEN],
      }),
      task('`to.any: []`', listen('to: { any: [] }'), {
        events,
        gives: [1],
        shown: ['examples/listen-to-any.yaml'],
      }),
      task('`to.until`, a condition', listen('to: { any: [], until: length > 2 }'), {
        events,
        gives: [1, 2, 3],
        shown: ['examples/listen-to-any-until-condition.yaml'],
      }),
      task('`to.until`, a strategy', listen(`to: { any: [], until: { one: ${OTHER} } }`), {
        events,
        gives: [1, 2, 3],
        shown: ['examples/listen-to-any-until-consumed.yaml'],
      }),
      task(
        '`correlate`: `from`, `expect`',
        listen('to: { one: { with: { type: x.y }, correlate: { c: { from: .id, expect: "3" } } } }'),
        { events, gives: [3], shown: [LISTEN, FILTERS] },
      ),
      task(
        '`correlate` without `expect`',
        listen(
          'to: { all: [ { with: { type: x.y }, correlate: { c: { from: .c } } }, { with: { type: z }, correlate: { c: { from: .c } } } ] }',
        ),
        {
          events: [
            event('5', 'x.y', 5, { c: 'a' }),
            event('6', 'z', 6, { c: 'b' }),
            event('7', 'z', 7, { c: 'a' }),
          ],
          gives: [5, 7],
          shown: [LISTEN],
          note: 'what is found first is expected for the rest of the run',
        },
      ),
      task('`read`', listen(`to: { one: ${FILTER} }, read: envelope`), {
        events,
        gives: [event('1', 'x.y', 1)],
        shown: ['examples/listen-to-all read-envelope.yaml', LISTEN],
      }),
      task(
        '`foreach`: `item`, `at`, `do`, `output`, `export`',
        listen(
          'to: { any: [], until: length > 1 }',
          ', foreach: { item: e, at: i, do: [ { s: { set: { a: "${ [$e, $i] }" } } } ], output: { as: .a }, export: { as: "${ . }" } }',
        ),
        {
          events,
          gives: [
            [1, 0],
            [2, 1],
          ],
          shown: ['examples/listen-to-any-forever-foreach.yaml', FOREACH],
        },
      ),
    ],
  },
  {
    title: '`schedule`',
    features: [
      root('`every`', schedule('every: PT5M'), { gives: { a: 1 } }),
      root('`cron`', schedule("cron: 'CRON_TZ=Europe/Berlin 0 0 * * *'"), {
        gives: { a: 1 },
        shown: ['examples/schedule-cron.yaml', VALIDATE],
        note: 'the time zone is a prefix, or `document.metadata.vespid.schedule.timeZone`; UTC without one',
      }),
      root('`after`', schedule('after: PT5M'), { gives: { a: 1 } }),
      root('`on`', schedule(`on: { one: ${FILTER} }`), {
        gives: { a: 1 },
        shown: ['examples/schedule-event-driven.yaml'],
      }),
      root('`read`', schedule(`on: { one: ${FILTER} }, read: data`), { gives: { a: 1 } }),
    ],
  },
];

/** Readings of what the language leaves open. */
export const eventReadings: Section = {
  title: 'Events',
  features: [
    task(
      '`emit` gives the event, not its input',
      '{ emit: { event: { with: { type: x.y } } }, output: { as: .type } }',
      { gives: 'x.y', shown: ['ctk: Emit Task'] },
    ),
    task(
      'an event of `emit` has the step for its `id`, and `/<namespace>/<name>` for its `source`',
      '{ emit: { event: { with: { type: x.y } } }, output: { as: "${ [.id, .source] }" } }',
      { gives: ['01890000-0000-7000-8000-000000000001/do/0/t', '/table/feature'], shown: [EMIT] },
    ),
    task(
      'text of `type`, `source` and `subject` may be a regular expression of the whole; a dot alone is a dot',
      listen('to: { any: [ { with: { type: x-y } }, { with: { type: "x.y|z" } } ] }'),
      { events, gives: [1], shown: [FILTERS] },
    ),
    task(
      'an expression in `with` sees the attribute',
      listen('to: { one: { with: { data: "${ . > 1 }" } } }'),
      {
        events,
        gives: [2],
        shown: [FILTERS],
        note: 'of `data`, anything but `false` and `null` matches; of others, also the value it must have',
      },
    ),
    task(
      '`correlate.from` sees the whole event',
      listen(
        'to: { one: { with: { source: "https://x.y" }, correlate: { c: { from: .data, expect: "${ 3 }" } } } }',
      ),
      {
        events,
        gives: [3],
        shown: [FILTERS],
      },
    ),
    task(
      '`all`: an event goes to the first filter that has none',
      listen(`to: { all: [ ${FILTER}, ${FILTER} ] }`),
      {
        events,
        gives: [1, 3],
        shown: [LISTEN],
      },
    ),
    task(
      '`foreach`: the event is the input of its tasks; without tasks, their output',
      listen('to: { any: [], until: length > 1 }', ', foreach: { output: { as: "${ . * 10 }" } }'),
      { events, gives: [10, 20], shown: [FOREACH] },
    ),
    task('`read: raw` is the base64 of the data', listen('to: { any: [] }, read: raw'), {
      events,
      gives: ['MQ=='],
      shown: [LISTEN],
    }),
  ],
};
