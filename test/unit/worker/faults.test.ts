/** Errors on their way out of a run. */
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../lib/secrets/redact.ts';
import { runError } from '../../../worker/faults.ts';

describe("a run's error", () => {
  it('of megabytes is masked in time, and cut', () => {
    const secrets = Array.from({ length: 28 }, (_, n) => String.fromCharCode(97 + n).repeat(4 + n));
    const detail = `${'0'.repeat(16_370)}${'b'.repeat(5)}${'1'.repeat(16_000_000)}`;
    const startedAt = performance.now();
    const error = runError(
      { type: 't', status: 500, title: detail, detail, instance: '/do/0/a' },
      createRedactor([secrets]),
    );
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(error).toMatchObject({ type: 't', status: 500, instance: '/do/0/a' });
    expect(error.detail).toBe(`${'0'.repeat(16_370)}***${'1'.repeat(9)}…`);
  });
});
