/** Compiled filters are kept while they are used, and no more of them than fit. */
import { expect, it } from 'vitest';
import { createFilterCache } from '../../../../lib/tasks/events/filter-cache.ts';

const textOf = (name: string): string =>
  JSON.stringify({ with: { type: name, data: 'x'.repeat(60_000) }, correlate: {} });

it('keeps what was used last, and compiles the rest again', () => {
  const cache = createFilterCache();
  const [first, second] = [cache.get(textOf('a')), cache.get(textOf('b'))];
  expect(cache.get(textOf('a'))).toBe(first);
  for (const name of ['c', 'd', 'e']) cache.get(textOf(name));
  expect(cache.get(textOf('a'))).toBe(first);
  expect(cache.get(textOf('b'))).not.toBe(second);
});
