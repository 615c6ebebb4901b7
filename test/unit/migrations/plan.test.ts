/** What may be applied to a database, decided from its journal and the files alone. */
import { expect, it } from 'vitest';
import type { Migration } from '../../../scripts/migrations/folder.ts';
import { plan } from '../../../scripts/migrations/journal.ts';

const file = (name: string): Migration => ({
  name,
  number: Number(name.slice(0, 4)),
  hash: `hash of ${name}`,
  inTransaction: true,
  text: '',
  chunks: [],
});
const applied = (name: string) => ({ name, hash: `hash of ${name}` });
const files = ['0000_a', '0001_b', '0002_c'].map(file);

it('what is not applied is pending, in order', () => {
  expect(plan(files, [applied('0000_a')])).toMatchObject({
    pending: files.slice(1),
    ahead: [],
    conflicts: [],
  });
});

it('an older release runs on the schema of a newer one: a rollback needs no rollback of the schema', () => {
  const journal = [...files.map(({ name }) => applied(name)), applied('0003_newer')];
  expect(plan(files, journal)).toEqual({ pending: [], ahead: ['0003_newer'], conflicts: [] });
});

it('a file that was edited after it was applied is a conflict', () => {
  const { conflicts } = plan(files, [{ name: '0000_a', hash: 'another' }]);
  expect(conflicts).toEqual([
    { name: '0000_a', message: expect.stringContaining('was edited after it was applied') },
  ]);
});

it('a migration of another branch is a conflict', () => {
  const { conflicts } = plan(files, [applied('0000_a'), applied('0001_other')]);
  expect(conflicts).toEqual([{ name: '0001_other', message: expect.stringContaining('its file is gone') }]);
});

it('a migration that slipped in before an applied one is a conflict', () => {
  const { conflicts } = plan(files, [applied('0000_a'), applied('0002_c')]);
  expect(conflicts).toEqual([{ name: '0001_b', message: expect.stringContaining('comes before 0002_c') }]);
});
