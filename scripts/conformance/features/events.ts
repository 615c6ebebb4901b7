/** Events and schedules, which come next. */
import { root, task, type Section } from '../feature.ts';

const BODY = 'do: [ { t: { set: { a: 1 } } } ]';
const FILTER = '{ with: { type: x.y } }';
const listen = (rest: string, more = ''): string => `{ listen: { ${rest} }${more} }`;
const schedule = (rest: string): string => `schedule: { ${rest} }\n${BODY}`;

export const eventSections: readonly Section[] = [
  {
    title: '`emit`',
    features: [
      task(
        '`event.with`: `id`, `source`, `type`, `time`, `subject`, `datacontenttype`, `dataschema`, `data`',
        "{ emit: { event: { with: { id: i, type: x.y, source: 'https://x.y', time: '2026-01-31T12:00:00Z', subject: s, datacontenttype: text/plain, dataschema: 'https://x.y/s', data: { a: 1 } } } } }",
      ),
      task('extension attributes', '{ emit: { event: { with: { type: x.y, roomid: 5 } } } }'),
    ],
  },
  {
    title: '`listen`',
    features: [
      task('`to.one`', listen(`to: { one: ${FILTER} }`)),
      task('`to.all`', listen(`to: { all: [ ${FILTER} ] }`)),
      task('`to.any`', listen(`to: { any: [ ${FILTER} ] }`)),
      task('`to.any: []`', listen('to: { any: [] }')),
      task('`to.until`, a condition', listen('to: { any: [], until: length > 3 }')),
      task('`to.until`, a strategy', listen(`to: { any: [], until: { one: ${FILTER} } }`)),
      task(
        '`correlate`: `from`, `expect`',
        listen('to: { one: { with: { type: x.y }, correlate: { c: { from: .id, expect: "5" } } } }'),
      ),
      task('`read`', listen(`to: { one: ${FILTER} }, read: envelope`)),
      task(
        '`foreach`: `item`, `at`, `do`, `output`, `export`',
        listen(
          `to: { any: [] }`,
          ', foreach: { item: e, at: i, do: [ { s: { set: { a: 1 } } } ], output: { as: .a }, export: { as: .a } }',
        ),
      ),
    ],
  },
  {
    title: '`schedule`',
    features: [
      root('`every`', schedule('every: PT5M')),
      root('`cron`', schedule("cron: '0 0 * * *'")),
      root('`after`', schedule('after: PT5M')),
      root('`on`', schedule(`on: { one: ${FILTER} }`)),
      root('`read`', schedule(`on: { one: ${FILTER} }, read: data`)),
    ],
  },
];
