/** Tests that mostly wait: run side by side, each with everything of its own, and told one by one. */
import { beforeAll, expect, it } from 'vitest';

const TIMEOUT_MS = 90_000;

/** Defines a test for each scenario. A scenario opens and closes what it needs itself. */
export function itSideBySide(scenarios: Readonly<Record<string, () => Promise<void>>>): void {
  const results = new Map<string, PromiseSettledResult<void>>();
  beforeAll(async () => {
    const running = Object.entries(scenarios).map(async ([name, scenario]) => {
      const [result] = await Promise.allSettled([scenario()]);
      results.set(name, result);
    });
    await Promise.all(running);
  }, TIMEOUT_MS);
  it.each(Object.keys(scenarios))('%s', (name) => {
    const result = results.get(name);
    if (result?.status === 'rejected') throw result.reason;
    expect(result?.status).toBe('fulfilled');
  });
}
