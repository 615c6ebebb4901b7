/** Building blocks of the schemas of request bodies. */
import * as v from 'valibot';

/** Why a text column of Postgres, or UTF-8, cannot hold the text; null when it can. */
function unstorable(text: string): string | null {
  if (text.includes('\0')) return 'must not contain the NUL character (U+0000)';
  if (/\p{Surrogate}/u.test(text)) return 'must not contain half of a surrogate pair';
  return null;
}

/** A text that is stored as such (a name, a label): `min` to `max` characters, no NUL, no lone surrogates. */
export const storableText = (min: number, max: number) =>
  v.pipe(
    v.string('must be a string'),
    v.minLength(min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`),
    v.maxLength(max, `must have at most ${max} characters`),
    v.rawCheck(({ dataset, addIssue }) => {
      const reason = dataset.typed ? unstorable(dataset.value) : null;
      if (reason !== null) addIssue({ message: reason });
    }),
  );

/** An object with these members and no others; every unknown member is named in the errors. */
export function closedObject<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  const schema = v.objectWithRest(entries, v.never('is not a known member'), ({ received }) =>
    received === 'undefined' ? 'is required' : 'must be an object',
  );
  // valibot's own strictObject reports only the first unknown member; the values it lets through are the same.
  return schema as unknown as v.StrictObjectSchema<Entries, undefined>;
}
