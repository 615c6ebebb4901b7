/** The sabotages of the fault suite fit the sources they change. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { applyPatch } from '../../../scripts/faults/sabotage.ts';
import { SABOTAGES } from '../../../scripts/faults/sabotages.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

it.each(SABOTAGES.flatMap(({ name, patches }) => patches.map((patch) => [name, patch.file, patch] as const)))(
  'without %s: %s has what is to be changed',
  (_name, file, patch) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(applyPatch(text, patch)).not.toBe(text);
  },
);

it('a patch that no longer fits its source is an error', () => {
  expect(() => applyPatch('something else', { file: 'x.ts', from: 'not there', to: '' })).toThrow(
    /no longer fits/,
  );
});
