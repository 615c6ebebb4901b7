/** docs/reliability.md names tests that exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SABOTAGES } from '../../../scripts/faults/sabotages.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');
const named = [...page.matchAll(/`(test\/[^`]+\.test\.ts)` “([^”]+)”/g)].map(([, file = '', name = '']) => [
  file,
  name,
]);

it.each(named)('%s has “%s”', (file, name) => {
  expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`'${name}'`);
});

it('every row of the tables of faults names a test', () => {
  const tables = page.slice(page.indexOf('## The queue'), page.indexOf('## The fault suite'));
  const rows = tables.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !/`test\/[^`]+\.test\.ts` “/.test(row))).toEqual([]);
});

it('every protection that can be switched off is described', () => {
  for (const { name, breaks } of SABOTAGES)
    expect(page).toMatch(new RegExp(`\\| \`${name}\` \\|[^|]+\\| ${breaks}: `));
});
