/** Ids and times of rows. */

/** A Postgres array of `ids`, which hold nothing that would need a quote. */
export const arrayOf = (ids: readonly string[]): string => `{${ids.join(',')}}`;

/** The times of `rows` in the order of `ids`; those without a time are left out. */
export function inOrder(ids: readonly string[], rows: readonly { id: string; at: number }[]): number[] {
  const times = new Map(rows.map(({ id, at }) => [id, at]));
  return ids.flatMap((id) => times.get(id) ?? []);
}
