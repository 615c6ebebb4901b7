import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashSources } from '../../../scripts/stack/build.ts';
import { baseUrlOf, readSettings } from '../../../scripts/stack/settings.ts';
import { closingLine, countTests, exitCodeOf } from '../../../scripts/stack/test-report.ts';
import { formatTimeline } from '../../../scripts/stack/timeline.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vespid-reports-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('npm test never hides a failure', () => {
  const report = (numbers: object, testResults: unknown[] = []): string => {
    const file = join(dir, 'report.json');
    const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
    writeFileSync(file, JSON.stringify({ ...none, ...numbers, testResults }));
    return file;
  };

  test('all passed: 0, and the closing line is as agreed', () => {
    const counts = countTests(report({ numPassedTests: 12 }), 0);
    expect(closingLine(counts)).toBe('12 passed, 0 failed');
    expect(exitCodeOf(counts, 0)).toBe(0);
  });

  test('skipped and todo tests are told', () => {
    const counts = countTests(report({ numPassedTests: 1, numPendingTests: 2, numTodoTests: 1 }), 0);
    expect(closingLine(counts)).toBe('1 passed, 0 failed, 3 skipped');
  });

  test('a failed test, and a file that could not be loaded, each count', () => {
    const files = [
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ];
    const counts = countTests(report({ numPassedTests: 1, numFailedTests: 1 }, files), 1);
    expect(closingLine(counts)).toBe('1 passed, 2 failed');
    expect(exitCodeOf(counts, 1)).toBe(1);
  });

  test('a vitest that failed without a failed test, or left no report, is a failure', () => {
    expect(countTests(report({ numPassedTests: 3 }), 1)).toMatchObject({ passed: 3, failed: 1 });
    expect(countTests(join(dir, 'none.json'), null)).toMatchObject({ passed: 0, failed: 1 });
  });

  test('no test at all is a failure', () => {
    expect(exitCodeOf(countTests(report({}), 0), 0)).toBe(1);
  });
});

describe('the settings of a local stack', () => {
  test('loopback is allowed beside what the operator allows, and the admin token is new each time', () => {
    const settings = readSettings({ VESPID_EGRESS_ALLOW: '10.0.0.0/8' });
    expect(settings.egressAllow).toBe('127.0.0.0/8,::1,10.0.0.0/8');
    expect(settings.adminToken).not.toBe(readSettings({}).adminToken);
    expect(settings).toMatchObject({ host: '127.0.0.1', port: 8080, databaseUrl: undefined });
  });

  test('a value may come from the file that NAME_FILE names', () => {
    writeFileSync(join(dir, 'url'), 'redis://127.0.0.1:1\n');
    expect(readSettings({ REDIS_URL_FILE: join(dir, 'url') }).redisUrl).toBe('redis://127.0.0.1:1');
  });

  test.each(['http', '-1', '65536', '80.5'])('PORT=%s is refused', (PORT) => {
    expect(() => readSettings({ PORT })).toThrow('PORT must be');
  });

  test('the printed URL can be asked on this machine', () => {
    expect(baseUrlOf('0.0.0.0', 1)).toBe('http://127.0.0.1:1');
    expect(baseUrlOf('::', 1)).toBe('http://[::1]:1');
  });
});

test('a change of any source, its name or its content, asks for a new build', () => {
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return hashSources(dir, ['.']);
  };
  const hashes = [write('a', '1'), write('a', '2'), write('b', ''), write('b', '1')];
  expect(new Set(hashes).size).toBe(4);
  expect(write('b', '1')).toBe(hashes[3]);
});

test('the timeline is printed oldest first, with the time since its first entry', () => {
  const text = formatTimeline([
    { id: 2, type: 'task.completed', at: '2026-01-01T00:00:00.250Z', task: '/do/0/greet' },
    { id: 1, type: 'run.started', at: '2026-01-01T00:00:00.000Z' },
  ]);
  expect(text.split('\n')).toEqual([
    '#  at       type            task',
    '1  +0 ms    run.started',
    '2  +250 ms  task.completed  /do/0/greet',
  ]);
});
