import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

function ratios(lines: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'scripts/ratios.ts'], {
    cwd: ROOT,
    input: lines.join('\n'),
    encoding: 'utf8',
  });
}
const events = (event: string, count: number): string[] =>
  Array<string>(count).fill(JSON.stringify({ event, runId: 'x' }));

describe('npm run ratios', () => {
  it('computes the four ratios of the dashboard from log lines and passes over everything else', () => {
    const { stdout, status } = ratios([
      'not json',
      '{"msg":"no event"}',
      ...events('workflow_run_enqueued', 8),
      ...events('queue_unavailable', 2),
      ...events('workflow_run_started', 8),
      ...events('workflow_run_retried', 1),
      ...events('workflow_run_failed', 2),
      ...events('workflow_run_succeeded', 6),
    ]);
    const table = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ) as Record<string, string>;
    expect({ status, table }).toEqual({
      status: 0,
      table: {
        'queue_unavailable / run-create requests': '0.2000',
        'failed / started': '0.2500',
        'retried / started': '0.1250',
        'succeeded / run-create requests': '0.6000',
      },
    });
  });

  it('says so and fails when there is nothing to compute from', () => {
    expect(ratios(['{"event":"api_listening"}'])).toMatchObject({ status: 1 });
  });
});
