/** `npm run smoke`: verifies a deployment, and says why when it does not work. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRunStack, type RunStack } from '../support/run-stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let stack: RunStack;
beforeAll(async () => {
  stack = await openRunStack({ withWorker: false });
});
afterAll(async () => {
  await stack.close();
});

function smoke(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/smoke.ts', ...args], { cwd: ROOT });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe('npm run smoke', () => {
  it('fails with the reason when no worker runs', async () => {
    const { code, output } = await smoke(
      '--url',
      stack.api.baseUrl,
      '--key',
      stack.org.apiKey,
      '--timeout',
      '3',
    );
    expect(code).toBe(1);
    expect(output).toContain('"reason":"no_worker"');
  });

  it('succeeds on a deployment that works, and leaves no active workflow behind', async () => {
    const worker = await stack.startWorker();
    const before = await stack.org.call<{ items: unknown[] }>('GET', `/v1/orgs/${stack.org.orgId}/workflows`);
    const { code, output } = await smoke('--url', `${stack.api.baseUrl}/`, '--key', stack.org.apiKey);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output.match(/^ok /gm)).toHaveLength(3);
    const after = await stack.org.call<{ items: unknown[] }>('GET', `/v1/orgs/${stack.org.orgId}/workflows`);
    expect(after.body.items).toHaveLength(before.body.items.length);
    await worker.stop();
  });

  it('fails with the reason for a wrong key, an address nobody answers at, and missing arguments', async () => {
    const [key, url, none] = await Promise.all([
      smoke('--url', stack.api.baseUrl, '--key', 'vsp_wrong'),
      smoke('--url', 'http://127.0.0.1:2', '--key', stack.org.apiKey),
      smoke(),
    ]);
    expect(key).toMatchObject({ code: 1 });
    expect(key.output).toContain('401 UNAUTHENTICATED');
    expect(url).toMatchObject({ code: 1 });
    expect(url.output).toContain('no answer from http://127.0.0.1:2');
    expect(none).toMatchObject({ code: 1 });
    expect(none.output).toContain('usage:');
  });
});
