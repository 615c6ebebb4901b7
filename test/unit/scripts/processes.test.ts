import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeDataFolder } from '../../../scripts/stack/data-folder.ts';
import { releaseLock, takeLock } from '../../../scripts/stack/lock.ts';
import { endRecorded, readLiving, waitForEnd, writeRecord } from '../../../scripts/stack/process-record.ts';
import { startService } from '../../../scripts/stack/service.ts';
import { waitUntil } from '../../support/stack.ts';

const STACK = join(import.meta.dirname, '../../../scripts/stack');
const IDLE = 'setInterval(() => {}, 1000);';
let dir: string;
const started: number[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vespid-processes-'));
});
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  rmSync(dir, { recursive: true, force: true });
});

function idle(code = IDLE): number {
  const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
  started.push(child.pid ?? 0);
  return child.pid ?? 0;
}
const service = (code: string, stopSignals: NodeJS.Signals[] = ['SIGTERM', 'SIGKILL']) =>
  startService({
    name: 'test service',
    command: process.execPath,
    args: ['-e', code],
    env: { PATH: process.env.PATH },
    logFile: join(dir, 'log'),
    recordFile: join(dir, 'record.json'),
    stopSignals,
    graceMs: 500,
  });

describe('only what is ours is stopped', () => {
  test('a recorded process is found while it lives, ended, and forgotten', async () => {
    const file = join(dir, 'record.json');
    const pid = idle();
    writeRecord(file, pid);
    expect(readLiving(file)).toBe(pid);
    await endRecorded(file, ['SIGTERM'], 5000);
    expect(await waitForEnd(pid, 0)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  test('another process that got the same id is left alone', async () => {
    const file = join(dir, 'record.json');
    const pid = idle();
    writeRecord(file, pid);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"began":"[^"]*"/, '"began":"earlier"'));
    await endRecorded(file, ['SIGKILL'], 5000);
    expect(await waitForEnd(pid, 0)).toBe(false);
  });

  test('a record that is broken or names init counts for nothing', () => {
    for (const text of ['', '{"pid":', '{"pid":1,"began":""}', '{"pid":-1}']) {
      writeFileSync(join(dir, 'record.json'), text);
      expect(readLiving(join(dir, 'record.json'))).toBeNull();
    }
  });
});

describe('a service is stopped in bounds', () => {
  test('one that ignores SIGTERM is killed after its grace, and its log is kept', async () => {
    const running = await service(`process.on('SIGTERM', () => {}); console.log('deaf'); ${IDLE}`);
    await waitUntil(() => running.tail().includes('deaf'), { what: 'the log line' });
    await running.stop();
    expect(await running.ended).toBe('SIGKILL');
    expect(running.tail()).toBe('deaf');
  });

  test('one that ends by itself says how', async () => {
    const running = await service('process.exit(3)');
    expect(await running.ended).toBe('exit code 3');
    await running.stop();
  });

  test('the API and the worker stop when the process that started them is killed', async () => {
    const follow = pathToFileURL(join(STACK, 'follow-parent.mjs')).href;
    const told = join(dir, 'told');
    const child = `process.on('SIGTERM', () => {
      require('node:fs').writeFileSync(${JSON.stringify(told)}, '');
      process.exit(0);
    });
    require('node:fs').writeFileSync(${JSON.stringify(join(dir, 'pid'))}, String(process.pid));
    ${IDLE}`;
    const args = JSON.stringify(['--import', follow, '-e', child]);
    const options = `{ detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }`;
    const parent = idle(
      `require('node:child_process').spawn(process.execPath, ${args}, ${options}); ${IDLE}`,
    );
    const pid = await waitUntil(() => Number(readFileSync(join(dir, 'pid'), 'utf8')) || null, {
      what: 'the child',
    });
    started.push(pid);
    process.kill(parent, 'SIGKILL');
    await waitUntil(() => waitForEnd(pid, 0), { what: 'the end of the child' });
    expect(existsSync(told)).toBe(true);
  });
});

describe('one stack per data folder', () => {
  test('a lock is held by one, and the lock of a dead process is taken over', async () => {
    const lock = join(dir, 'lock');
    expect(takeLock(lock)).toBe(true);
    expect(takeLock(lock)).toBe(false);
    releaseLock(lock);
    const pid = idle();
    writeRecord(lock, pid);
    expect(takeLock(lock)).toBe(false);
    process.kill(pid, 'SIGKILL');
    await waitForEnd(pid, 5000);
    expect(takeLock(lock)).toBe(true);
  });

  test('a second stack takes a folder of its own, and the first one again when that is free', () => {
    const first = takeDataFolder(dir, undefined);
    expect(takeDataFolder(dir, undefined).dir).toBe(join(dir, 'stacks', '2'));
    expect(() => takeDataFolder(dir, dir)).toThrow(
      `A stack works in ${dir} already (process ${process.pid})`,
    );
    first.release();
    expect(takeDataFolder(dir, undefined).dir).toBe(dir);
  });
});
