/** Statements are found as Postgres finds them; otherwise a check could be talked past it. */
import { expect, it } from 'vitest';
import { splitAtCommas, statementsOf } from '../../../scripts/migrations/sql.ts';

it.each([
  ["SELECT 'a;''b'; SELECT 2", ["select ''", 'select 2']],
  ["SELECT E'a\\';b'; X", ["select ''", 'x']],
  ['SELECT $$a;b$$; SELECT $t$a;$$;b$t$', ["select ''", "select ''"]],
  ['DROP/* a; /* b; */ c; */TABLE -- d;\n t', ['drop table t']],
  ['ALTER TABLE "public"."My;Table" ADD x int', ['alter table My;Table add x int']],
  ['ALTER TABLE public.orgs SET (a=1)', ['alter table orgs set ( a = 1 )']],
  ['; ;\n', []],
  ["SELECT 'never closed; DROP", ["select ' never closed", 'drop']],
])('%j', (text, statements) => {
  expect(statementsOf(text).map((statement) => statement.text)).toEqual(statements);
});

it('knows where a statement is and the comments before it', () => {
  const text = 'SELECT 1; -- behind\n\n-- reviewed: why\nSELECT\n  2\n;';
  const [, second] = statementsOf(text);
  expect(second).toMatchObject({ line: 4, comments: ['behind', 'reviewed: why'] });
  expect(text.slice(second?.start, second?.end)).toBe('SELECT\n  2');
});

it('splits at the commas outside of brackets', () => {
  expect(splitAtCommas('add a numeric ( 3 , 1 ) , add b int [ 1 , 2 ]')).toEqual([
    'add a numeric ( 3 , 1 )',
    'add b int [ 1 , 2 ]',
  ]);
});
