import { expect, test } from 'vitest';
import { parseStat, perRun, processCpuMs, type Accounts } from '../../../bench/lib/accounting.ts';

test('CPU time is read past a name of any characters', () => {
  const text =
    '4242 (a ) b (c) S 17 4242 4242 0 -1 4194304 1 2 3 4 150 50 700 300 20 0 1 0 12345 1 2 3 4 5 6 7 8 9';
  expect(parseStat(text)).toEqual({ parentPid: 17, ownMs: 2000, endedChildrenMs: 10_000 });
});

test('a process that works has used CPU time, and one that is gone none', () => {
  const untilMs = performance.now() + 50;
  while (performance.now() < untilMs);
  expect(processCpuMs(process.pid)).toBeGreaterThan(0);
  expect(processCpuMs(2 ** 30)).toBe(0);
});

test('what was spent is divided by the runs', () => {
  const at = (value: number): Accounts => ({
    apiCpuMs: value,
    workerCpuMs: value,
    redisCpuMs: value,
    postgresCpuMs: value * 2,
    loadCpuMs: value,
    walBytes: value * 1000,
    redisInputBytes: value,
    redisScripts: value,
  });
  expect(perRun(at(100), at(300), 50)).toMatchObject({ apiCpuMs: 4, postgresCpuMs: 8, walBytes: 4000 });
});
