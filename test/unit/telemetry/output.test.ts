import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../../support/stack.ts';
import { openOutput } from '../../../lib/telemetry/output.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vespid-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const dropped = (lines: number): string => `dropped ${lines}\n`;

describe('the output of the log', () => {
  it('writes the lines of a turn in their order, at its end and not before', async () => {
    const file = join(folder, 'log');
    const fd = openSync(file, 'a');
    const output = openOutput({ fd, dropped });
    for (const line of ['one', 'two', 'ü']) output.write(`${line}\n`);
    expect(statSync(file).size).toBe(0);
    await setImmediate();
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nü\n');
    closeSync(fd);
  });

  it('writes what is left when the process ends, however it ends', () => {
    const file = join(folder, 'log');
    const module = JSON.stringify(join(import.meta.dirname, '../../../lib/telemetry/output.ts'));
    for (const end of ['process.exit(3)', "throw new Error('a bug')"]) {
      const code = `
        import { openSync } from 'node:fs';
        const { openOutput } = await import(${module});
        const output = openOutput({ fd: openSync(${JSON.stringify(file)}, 'a'), dropped: String });
        output.write('the last line\\n');
        ${end};`;
      spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
    }
    expect(readFileSync(file, 'utf8')).toBe('the last line\nthe last line\n');
  });

  it('waits for no reader: what is too much is dropped and counted, and the rest is whole and in order', async () => {
    const pipe = join(folder, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY);
    const output = openOutput({ fd: writer, dropped });
    const line = (n: number): string => `${String(n).padStart(8)} ${'x'.repeat(1000)}\n`;
    for (let n = 0; n < 20_000; n += 1) {
      output.write(line(n));
      if (n % 1000 === 0) await setImmediate();
    }
    const chunk = Buffer.alloc(1 << 20);
    let text = '';
    // What is read makes room for what waits.
    await waitUntil(
      () => {
        try {
          text += chunk.toString('utf8', 0, readSync(reader, chunk));
        } catch {
          // Nothing is there yet.
        }
        return text.includes('dropped');
      },
      { what: 'everything is read', timeoutMs: 15_000 },
    );
    const lines = text.trimEnd().split('\n');
    const count = Number(/^dropped (\d+)$/.exec(lines.pop() ?? '')?.[1]);
    expect(count).toBeGreaterThan(5000);
    expect(lines).toHaveLength(20_000 - count);
    expect(lines.map((one, n) => one === line(n).trimEnd()).every(Boolean)).toBe(true);
    for (const fd of [reader, writer]) closeSync(fd);
  }, 20_000);
});
