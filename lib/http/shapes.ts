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

/** Names that valibot passes over in silence: their values would be neither kept nor refused. */
const PASSED_OVER = ['__proto__', 'constructor', 'prototype'];

/** What is wrong with the names of an object that valibot does not look at. */
function refuseNames(
  input: unknown,
  message: string,
): [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]] | null {
  if (typeof input !== 'object' || input === null) return null;
  const issues = PASSED_OVER.filter((name) => Object.hasOwn(input, name)).flatMap((key) => {
    const value: unknown = Reflect.get(input, key);
    const path = { type: 'unknown', origin: 'value', input, key, value } as const;
    return (v.safeParse(v.never(message), value).issues ?? []).map((issue): v.BaseIssue<unknown> => ({
      ...issue,
      path: [path],
    }));
  });
  const [first, ...rest] = issues;
  return first === undefined ? null : [first, ...rest];
}

/** The schema of an object, but an array is none, and a member whose name valibot passes over is refused. */
function onlyObjects<Schema extends v.GenericSchema>(schema: Schema, refusal: string): Schema {
  return {
    ...schema,
    '~run'(dataset, config) {
      const input = dataset.value;
      if (Array.isArray(input)) return schema['~run']({ ...dataset, value: null }, config);
      const result = schema['~run'](dataset, config);
      const refused = refuseNames(input, refusal);
      if (refused === null) return result;
      return { typed: false, value: result.value, issues: [...refused, ...(result.issues ?? [])] };
    },
  };
}

/** An object with any names: of names and values that are texts to store. */
export const textMap = (name: ReturnType<typeof storableText>, value: ReturnType<typeof storableText>) =>
  onlyObjects(v.record(name, value, 'must be an object of strings'), 'is a reserved name');

/** An object with these members and no others; every unknown member is named in the errors. */
export function closedObject<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  const unknown = 'is not a known member';
  const schema = v.objectWithRest(entries, v.never(unknown), ({ received }) =>
    received === 'undefined' ? 'is required' : 'must be an object',
  );
  // valibot's own strictObject reports only the first unknown member; the values it lets through are the same.
  return onlyObjects(schema, unknown) as unknown as v.StrictObjectSchema<Entries, undefined>;
}
