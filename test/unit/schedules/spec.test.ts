/** Reading `schedule` of a definition: what is kept, and what is refused. */
import { describe, expect, it } from 'vitest';
import { member } from '../../../lib/engine/json.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { readSchedule, scheduleErrors } from '../../../lib/schedules/spec.ts';
import { toStored } from '../../../lib/schedules/stored.ts';

const NOW = Date.parse('2026-07-01T00:00:00Z');

const definition = (schedule: Json, settings: Json = {}, dsl = '1.0.3'): Json => ({
  document: {
    dsl,
    namespace: 'a',
    name: 'b',
    version: '1.0.0',
    metadata: { vespid: { schedule: settings } },
  },
  schedule,
  do: [],
});
const read = (schedule: Json, settings?: Json, dsl?: string) =>
  readSchedule(definition(schedule, settings, dsl), NOW);
const problems = (schedule: Json, settings?: Json) =>
  scheduleErrors(definition(schedule, settings), NOW).map(({ path, message }) => `${path}: ${message}`);
const digest = (schedule: Json, settings?: Json): string | undefined => {
  const found = read(schedule, settings);
  return found === null ? undefined : toStored(found).digest;
};

describe('a schedule', () => {
  it('is null where the definition has none', () => {
    expect(readSchedule({ document: {}, do: [] }, NOW)).toBeNull();
  });

  it('has the defaults of overlap and catch-up, or what the metadata says', () => {
    expect(read({ every: 'PT1M' })).toMatchObject({
      trigger: { kind: 'every', every: 'PT1M', intervalMs: 60_000 },
      overlap: 'allow',
      catchUp: true,
    });
    expect(read({ after: { seconds: 2 } }, { overlap: 'skip', catchUp: false })).toMatchObject({
      trigger: { kind: 'after', delayMs: 2000 },
      overlap: 'skip',
      catchUp: false,
    });
  });

  it('works out an expression once, without data', () => {
    expect(read({ every: '${ "PT\\(60 * 2)S" }' })?.trigger).toMatchObject({ intervalMs: 120_000 });
    expect(problems({ every: '${ $context.every }' })).toEqual([
      expect.stringMatching(/^\/schedule\/every: .*without data and variables/),
    ]);
  });

  it('takes the time zone of the prefix before that of the metadata, and UTC without one', () => {
    const zone = (cron: string, settings?: Json) =>
      member(read({ cron }, settings)?.trigger as Json, 'timeZone');
    expect(zone('0 9 * * *')).toBe('UTC');
    expect(zone('0 9 * * *', { timeZone: 'Asia/Tokyo' })).toBe('Asia/Tokyo');
    expect(zone('CRON_TZ=Europe/Berlin 0 9 * * *', { timeZone: 'Asia/Tokyo' })).toBe('Europe/Berlin');
  });

  it('is refused when it would be a load test, or never fire', () => {
    expect(problems({ every: 'PT0.5S' })).toEqual([
      expect.stringContaining('/schedule/every: `every` must be'),
    ]);
    expect(problems({ after: 'PT0S' })).toEqual([
      expect.stringContaining('/schedule/after: `after` must be'),
    ]);
    expect(problems({ cron: '0 0 31 4 *' })).toEqual([
      expect.stringContaining('/schedule/cron: there is no'),
    ]);
    expect(problems({ cron: 'TZ=Mars/Olympus 0 0 1 4 *' })).toEqual([
      expect.stringContaining('/schedule/cron: the time zone is unknown'),
    ]);
    expect(problems({ every: 'PT1S' })).toEqual([]);
    // So that every time it leads to can be written.
    for (const name of ['every', 'after']) {
      expect(problems({ [name]: 'P36525DT1S' })).toEqual([
        expect.stringContaining(`/schedule/${name}: \`${name}\` must be at most`),
      ]);
      expect(problems({ [name]: 'P36525D' })).toEqual([]);
    }
  });

  it('reads envelopes up to 1.0.3 and data later, unless it says what', () => {
    const on = { one: { with: { type: 'a' } } };
    const reads = (schedule: Json, dsl: string) => read(schedule, {}, dsl)?.read;
    expect(reads({ on }, '1.0.3')).toBe('envelope');
    expect(reads({ on }, '1.0.0-alpha5')).toBe('envelope');
    expect(reads({ on }, '1.0.4')).toBe('data');
    expect(reads({ on }, '1.1.0')).toBe('data');
    expect(reads({ on, read: 'data' }, '1.0.3')).toBe('data');
    expect(reads({ on, read: 'envelope' }, '1.1.0')).toBe('envelope');
  });

  it('stays the same, to keep its times, when only its writing or its settings change', () => {
    expect(digest({ every: 'PT60S' })).toBe(digest({ every: { minutes: 1 } }, { overlap: 'skip' }));
    expect(digest({ every: 'PT60S' })).not.toBe(digest({ every: 'PT61S' }));
    expect(digest({ every: 'PT60S' })).not.toBe(digest({ after: 'PT60S' }));
    expect(digest({ cron: '0 9 * * *' })).not.toBe(digest({ cron: '0 9 * * *' }, { timeZone: 'Asia/Tokyo' }));
  });
});

describe('a strategy', () => {
  const orders = (name: string) => ({
    with: { type: name },
    correlate: { order: { from: '.data.order' } },
  });

  it('that needs only one event starts a run for each', () => {
    const strategy = (on: Json) => read({ on })?.trigger;
    expect(strategy({ any: [] })).toMatchObject({
      strategy: { mode: 'each', filters: [{ with: {}, correlate: {} }], groupedBy: [] },
    });
    expect(strategy({ one: orders('a') })).toMatchObject({ strategy: { mode: 'each', groupedBy: [] } });
  });

  it('that needs several collects them by what they correlate', () => {
    expect(read({ on: { all: [orders('a'), orders('b')] } })?.trigger).toMatchObject({
      strategy: { mode: 'all', collecting: 2, groupedBy: ['order'] },
    });
    const known = { with: { type: 'c' }, correlate: { shop: { from: '.shop', expect: '${ "x" + "y" }' } } };
    expect(read({ on: { any: [known], until: '${ length > 1 }' } })?.trigger).toMatchObject({
      strategy: {
        mode: 'until',
        groupedBy: [],
        filters: [{ correlate: { shop: { from: '.shop', expect: 'xy' } } }],
      },
    });
    expect(problems({ on: { all: [orders('a'), { with: { type: 'b' } }] } })).toEqual([
      '/schedule/on: the filters must correlate the same names, so that events can be told to belong together',
    ]);
  });

  it('is refused when it could not be matched', () => {
    expect(problems({ on: { all: [] } })).toEqual([
      expect.stringContaining('/schedule/on/all: a schedule needs'),
    ]);
    expect(problems({ on: { one: { with: { 'a/b': '${ $context.x }' } } } })).toEqual([
      expect.stringMatching(/^\/schedule\/on\/one\/with\/a~1b: .*sees the event alone$/),
    ]);
    const many = Array.from({ length: 21 }, (_, index) => ({ with: { type: `t${index}` } }));
    expect(problems({ on: { any: many } })).toEqual([expect.stringContaining('at most 20 event filters')]);
  });
});
