/** The body of `POST …/subscriptions`. */
import * as v from 'valibot';
import { closedObject, storableText } from '../http/shapes.ts';
import { isTypePattern } from './pattern.ts';

const MAX_URL_LENGTH = 2048;
const MAX_TYPES = 50;
const MAX_TYPE_LENGTH = 255;

/** What is wrong with an endpoint's URL; null when nothing is. Whether it may be reached is seen when it is called. */
function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'must be a URL in full, for example https://example.com/events';
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https:// or http://';
  if (username !== '' || password !== '') return 'must not contain a user or a password';
  return hash === '' ? null : 'must not have a fragment (#…)';
}

const endpoint = v.pipe(
  storableText(1, MAX_URL_LENGTH),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? urlProblem(dataset.value) : null;
    if (problem !== null) addIssue({ message: problem });
  }),
);

const typePattern = v.pipe(
  storableText(1, MAX_TYPE_LENGTH),
  v.check(isTypePattern, 'must be the type of events, in full or with one "*" at its end'),
);

/** `{ url, types }` */
export const newSubscription = closedObject({
  url: endpoint,
  types: v.pipe(
    v.array(typePattern, 'must be an array'),
    v.minLength(1, 'must name at least one type; "*" follows all'),
    v.maxLength(MAX_TYPES, `must name at most ${MAX_TYPES} types`),
    v.transform((types) => [...new Set(types)]),
  ),
});
