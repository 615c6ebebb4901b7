/** When schedules fire: intervals, cron in time zones, and what is made up for after nobody was up. */
import { describe, expect, it } from 'vitest';
import { nextCronMs, readCron } from '../../../lib/schedules/cron.ts';
import type { TimedTrigger } from '../../../lib/schedules/spec.ts';
import { firstMs, followingMs, nextStep, type FireStep } from '../../../lib/schedules/times.ts';
import { upSinceMs } from '../../../lib/schedules/uptime.ts';

const BERLIN = 'Europe/Berlin';
const ms = (text: string): number => Date.parse(text);
const text = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString().replace(':00.000Z', 'Z');

/** The first fire times after a moment. */
function times(cron: string, timeZone: string, after: string, count: number): (string | null)[] {
  const found: (string | null)[] = [];
  let at: number | null = ms(after);
  while (found.length < count && at !== null) {
    at = nextCronMs(cron, timeZone, at);
    found.push(text(at));
  }
  return found;
}

describe('cron', () => {
  it('is in UTC unless a time zone is given, as a prefix', () => {
    expect(readCron(' CRON_TZ=Europe/Berlin  0 9 * * 1-5 ')).toEqual({
      fields: '0 9 * * 1-5',
      timeZone: BERLIN,
    });
    expect(readCron('TZ=America/New_York 0 9 * * *').timeZone).toBe('America/New_York');
    expect(readCron('0 9 * * *')).toEqual({ fields: '0 9 * * *', timeZone: null });
    expect(times('0 9 * * *', 'UTC', '2026-07-01T10:00:00Z', 1)).toEqual(['2026-07-02T09:00Z']);
    expect(times('0 9 * * *', BERLIN, '2026-07-01T10:00:00Z', 1)).toEqual(['2026-07-02T07:00Z']);
    expect(times('0 9 * * *', BERLIN, '2026-12-01T10:00:00Z', 1)).toEqual(['2026-12-02T08:00Z']);
  });

  it('fires once, right after the gap, for a local time that the clock skips', () => {
    const gap = ['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z'];
    expect(times('30 2 * * *', BERLIN, '2026-03-27T12:00:00Z', 3)).toEqual(gap);
    const steps = ['2026-03-29T01:00Z', '2026-03-30T00:00Z', '2026-03-30T00:15Z'];
    expect(times('*/15 2 * * *', BERLIN, '2026-03-28T12:00:00Z', 3)).toEqual(steps);
    expect(times('0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', 2)).toEqual([
      '2018-11-04T03:00Z',
      '2018-11-05T02:00Z',
    ]);
  });

  it('fires once, the first time, for a local time that the clock repeats', () => {
    const repeated = ['2026-10-25T00:30Z', '2026-10-26T01:30Z'];
    expect(times('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z', 2)).toEqual(repeated);
    // Asked in the middle of the second time.
    expect(times('30 2 * * *', BERLIN, '2026-10-25T01:10:00Z', 1)).toEqual(['2026-10-26T01:30Z']);
    const steps = ['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-26T01:00Z'];
    expect(times('*/30 2 * * *', BERLIN, '2026-10-24T12:00:00Z', 3)).toEqual(steps);
    expect(times('0 */2 * * *', BERLIN, '2026-10-24T21:30:00Z', 3)).toEqual([
      '2026-10-24T22:00Z',
      '2026-10-25T00:00Z',
      '2026-10-25T03:00Z',
    ]);
  });

  it('fires every hour that passes when the hour is `*`', () => {
    expect(times('0 * * * *', BERLIN, '2026-10-24T23:30:00Z', 3)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ]);
    expect(times('*/30 * * * *', BERLIN, '2026-03-29T00:10:00Z', 3)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:30Z',
    ]);
  });

  it('reads names, ranges, steps and lists; of the two days either will do', () => {
    expect(times('0 0 * feb sun', 'UTC', '2026-01-31T00:00:00Z', 2)).toEqual([
      '2026-02-01T00:00Z',
      '2026-02-08T00:00Z',
    ]);
    expect(times('0 0 * * 5-7', 'UTC', '2026-10-21T00:00:00Z', 3)).toEqual([
      '2026-10-23T00:00Z',
      '2026-10-24T00:00Z',
      '2026-10-25T00:00Z',
    ]);
    expect(times('0 12 1 * mon', 'UTC', '2026-10-30T00:00:00Z', 2)).toEqual([
      '2026-11-01T12:00Z',
      '2026-11-02T12:00Z',
    ]);
    expect(times('*/100 3 * * *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual([
      '2026-01-01T03:00Z',
      '2026-01-02T03:00Z',
    ]);
    expect(times('0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2028-02-29T00:00Z']);
    expect(nextCronMs('0 0 30 2 *', 'UTC', ms('2026-01-01T00:00:00Z'))).toBeNull();
  });
});

const EVERY_10: TimedTrigger = { kind: 'every', every: 'PT10S', intervalMs: 10_000 };
const DAILY: TimedTrigger = { kind: 'cron', cron: '0 4 * * *', timeZone: 'UTC' };
const AFTER: TimedTrigger = { kind: 'after', after: 'PT5S', delayMs: 5000 };
/** 3 ms past, so that fire times are not round. */
const ANCHOR = ms('2026-01-01T00:00:00.003Z');

interface Situation {
  due: number;
  now: number;
  up: number;
  catchUp?: boolean;
}

const step = (trigger: TimedTrigger, { due, now, up, catchUp = true }: Situation): FireStep =>
  nextStep(trigger, { activatedAtMs: ANCHOR, nextFireAtMs: due, catchUp }, { nowMs: now, upSinceMs: up });

describe('fire times', () => {
  it('are a whole number of intervals from the activation, however late one is looked at', () => {
    expect(firstMs(EVERY_10, ANCHOR)).toBe(ANCHOR + 10_000);
    expect(followingMs(EVERY_10, ANCHOR, ANCHOR + 10_000)).toBe(ANCHOR + 20_000);
    expect(followingMs(EVERY_10, ANCHOR, ANCHOR + 19_999)).toBe(ANCHOR + 20_000);
    expect(followingMs(EVERY_10, ANCHOR, ANCHOR + 1_234_567)).toBe(ANCHOR + 1_240_000);
    expect(followingMs(EVERY_10, ANCHOR, ANCHOR - 5)).toBe(ANCHOR + 10_000);
  });

  it('begin at once with `after`, and are then for the end of the run to say', () => {
    expect(firstMs(AFTER, ANCHOR)).toBe(ANCHOR);
    const fired = { fireAtMs: ANCHOR, nextFireAtMs: null, skipped: 0 };
    expect(step(AFTER, { due: ANCHOR, now: ANCHOR + 5, up: 0 })).toEqual(fired);
    // Late, and made up for: else nothing would ever follow.
    expect(step(AFTER, { due: ANCHOR, now: ANCHOR + 3_600_000, up: ANCHOR + 3_590_000 })).toEqual(fired);
    const skipped = step(AFTER, { due: ANCHOR, now: ANCHOR + 90_000, up: ANCHOR + 80_000, catchUp: false });
    expect(skipped).toEqual({ fireAtMs: null, nextFireAtMs: ANCHOR + 95_000, skipped: 1 });
  });

  it('each make a run while a worker is up, also when they come late', () => {
    const [due, now] = [ANCHOR + 10_000, ANCHOR + 45_000];
    const fired = { fireAtMs: due, nextFireAtMs: due + 10_000, skipped: 0 };
    expect(step(EVERY_10, { due, now, up: ANCHOR })).toEqual(fired);
    expect(step(EVERY_10, { due, now, up: ANCHOR, catchUp: false })).toEqual(fired);
  });

  it('that nobody was up for make one run together, for the last of them', () => {
    const [due, now, up] = [ANCHOR + 10_000, ANCHOR + 65_000, ANCHOR + 55_000];
    // 10, 20, 30, 40 and 50 were missed; 60 was not.
    expect(step(EVERY_10, { due, now, up })).toEqual({
      fireAtMs: ANCHOR + 50_000,
      nextFireAtMs: ANCHOR + 60_000,
      skipped: 4,
    });
    expect(step(EVERY_10, { due, now, up, catchUp: false })).toEqual({
      fireAtMs: null,
      nextFireAtMs: ANCHOR + 60_000,
      skipped: 5,
    });
    const cron = step(DAILY, {
      due: ms('2026-01-02T04:00:00Z'),
      now: ms('2026-01-05T12:00:00Z'),
      up: ms('2026-01-05T11:00:00Z'),
    });
    expect([text(cron.fireAtMs), text(cron.nextFireAtMs), cron.skipped]).toEqual([
      '2026-01-05T04:00Z',
      '2026-01-06T04:00Z',
      3,
    ]);
  });

  it('make one run after one was missed', () => {
    const due = ANCHOR + 10_000;
    expect(step(EVERY_10, { due, now: due + 3000, up: due + 1 })).toEqual({
      fireAtMs: due,
      nextFireAtMs: due + 10_000,
      skipped: 0,
    });
  });

  it('of years that were missed are found in no time, and counted up to a bound', () => {
    const trigger: TimedTrigger = { kind: 'cron', cron: '* * * jan *', timeZone: BERLIN };
    const startedAt = performance.now();
    const found = step(trigger, {
      due: ms('2016-01-01T00:00:00Z'),
      now: ms('2026-12-01T00:00:00Z'),
      up: ms('2026-11-30T00:00:00Z'),
    });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(text(found.fireAtMs)).toBe('2026-01-31T22:59Z');
    expect(text(found.nextFireAtMs)).toBe('2026-12-31T23:00Z');
    expect(found.skipped).toBe(999);
  });

  it('are not all made up for when a worker was up but could not fire for long', () => {
    const now = ANCHOR + 10_000_000;
    const { fireAtMs, skipped } = step(EVERY_10, { due: ANCHOR + 10_000, now, up: ANCHOR });
    expect(fireAtMs).toBe(now - 60 * 10_000 - 10_000);
    expect(skipped).toBeGreaterThan(900);
  });
});

describe('since when a worker is up', () => {
  const life = (startedAtMs: number, heartbeatAtMs: number) => ({ startedAtMs, heartbeatAtMs });

  it('goes back over workers whose lives met, dead ones too', () => {
    expect(upSinceMs([life(50_000, 99_500)], 100_000)).toBe(50_000);
    expect(upSinceMs([life(70_000, 99_500), life(20_000, 75_000)], 100_000)).toBe(20_000);
    expect(upSinceMs([life(20_000, 69_000), life(70_000, 99_500)], 100_000)).toBe(20_000);
  });

  it('ends at a gap', () => {
    expect(upSinceMs([life(70_000, 99_500), life(20_000, 60_000)], 100_000)).toBe(70_000);
    expect(upSinceMs([life(20_000, 60_000)], 100_000)).toBe(100_000);
    expect(upSinceMs([], 100_000)).toBe(100_000);
  });
});
