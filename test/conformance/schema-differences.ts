/** Where the validator and the language's JSON schema, as ajv reads it, differ on purpose. */
import type { Json } from '../../lib/jq/index.ts';

interface Difference {
  reason: string;
  /** A task, as YAML, of which one says that its shape is right and the other that it is not. */
  task: string;
  /** A text, or the name of a member, as it would have to be for the two to agree. */
  text?(text: string): string;
  name?(name: string): string;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    reason:
      'A variable of a URI template may have dots in its name (RFC 6570, section 2.3), and the schema says no more than `format: uri-template`; the regular expression of ajv-formats does not know that.',
    task: "{ call: http, with: { method: get, endpoint: 'https://x.y/{order.id}' } }",
    text: (text) => text.replace(/\{[^{}]*\}/g, (expression) => expression.replace(/(?<=\w)\.(?=\w)/g, '_')),
  },
  {
    reason:
      'An unknown member is one whatever its name. ajv takes those of Object.prototype for known where `unevaluatedProperties` meets `oneOf`: it keeps the known ones as members of a plain object.',
    task: '{ listen: { to: { any: [], constructor: 5 } } }',
    name: (name) => (name in {} ? `${name}-` : name),
  },
];

/** The definition as the difference would have it, for the two to agree. */
export function without(difference: Difference, value: Json): Json {
  const { text, name } = difference;
  if (typeof value === 'string') return text?.(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => without(difference, item));
  const members = Object.entries(value).map(([key, item]): [string, Json] => [
    name?.(key) ?? key,
    without(difference, item),
  ]);
  return Object.fromEntries(members);
}
