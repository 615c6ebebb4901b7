/** Changes definitions at random, from a seed: some stay valid, some break in one place, some in several. */
import type { Json } from '../../lib/jq/index.ts';

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A place in a value: the container and the member or item in it. */
interface Place {
  container: Json[] | { [key: string]: Json };
  key: string | number;
  /** The member's name; of an item, that of the list. */
  role: string;
}

const SCALARS: readonly Json[] = [
  null,
  0,
  -1,
  5,
  1.5,
  true,
  '',
  'text',
  '${ .x }',
  [],
  {},
  ['a'],
  { a: 1 },
  1e300,
];
const TEXTS = [
  'PT1S',
  'P1Y',
  'P1DT2H',
  'PT',
  'P',
  'PT1.5S',
  '-PT1S',
  'P1W',
  'PT1',
  '${ .d }',
  '${ .a\n}',
  ' ${ .a } \n',
  '${}',
  '${ }',
  'https://x.y',
  'https://x.y/{a}',
  '{+a}/b{?c}',
  '{a.b}',
  '/a/b',
  'a b',
  'x:y',
  "https://x.y/it's",
  'https://x.y/"q"',
  'https://[::1]/a',
  "http://[::1]/'",
  "http://[zz]/'",
  'https://x.y/%7e',
  'https://x.y/%zz',
  'https://x.y#f',
  'a#b#c',
  'https://x.y/ü',
  '//x.y',
  '?q',
  '#f',
  '1a:b',
  'urn:a:b',
  '{a:3}',
  '{a*}',
  '{a',
  '}',
  '{}',
  '{!a}',
  "'{a}",
  'file:///x',
  '1.0.0',
  '1.0',
  '1.0.0-a.1+b',
  '01.0.0',
  'latest',
  'js',
  'get',
  'end',
  'continue',
  'http',
  'grpc',
  'jq',
  'strict',
  'loose',
  'data',
  'raw',
  'all',
  'any',
  '2026-01-31T12:00:00Z',
  '2026-02-30T12:00:00Z',
  '2026-01-31 12:00:00+01',
  '1990-12-31T23:59:60Z',
  '2024-02-29T00:00:00.5-00:30',
  '/do/0',
  '/a~2',
  '~',
  '0 0 * * *',
];
const CHARACTERS = Array.from('{}$ \n%\'":/?#[]@!&=+,;.~-_PTS0159azé^|<>\\`*(');
const NAMES = ['extra', 'x-note', 'name', '__proto__', 'constructor', 'toString', 'DO', 'documnet'];

/** Every place in the value, in order. */
function placesOf(root: Json): Place[] {
  const places: Place[] = [];
  const visit = (value: Json, role: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        places.push({ container: value, key: index, role: `${role}[]` });
        visit(item, `${role}[]`);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        places.push({ container: value, key, role: key });
        visit(item, key);
      }
    }
  };
  visit(root, '');
  return places;
}

const put = ({ container, key }: Pick<Place, 'container' | 'key'>, value: Json): void => {
  Object.defineProperty(container, key, { value, enumerable: true, writable: true, configurable: true });
};
const at = ({ container, key }: Place): Json =>
  Array.isArray(container) ? (container[Number(key)] ?? null) : (container[String(key)] ?? null);

/** Makes mutants of definitions, out of parts of all of them. */
export class Mutator {
  readonly #random: () => number;
  /** What stands under a name anywhere in the definitions. */
  readonly #parts = new Map<string, Json[]>();
  readonly #names: string[];

  constructor(definitions: readonly Json[], random: () => number) {
    this.#random = random;
    for (const definition of definitions) {
      for (const place of placesOf(definition)) {
        const parts = this.#parts.get(place.role) ?? [];
        parts.push(at(place));
        this.#parts.set(place.role, parts);
      }
    }
    this.#names = [...this.#parts.keys()].filter((name) => !name.endsWith('[]'));
  }

  /** A copy that differs. */
  mutate(definition: Json): Json {
    const before = JSON.stringify(definition);
    const copy = structuredClone(definition);
    const changes = this.#random() < 0.7 ? 1 : 1 + Math.floor(this.#random() * 3);
    for (let i = 0; i < changes || JSON.stringify(copy) === before; i++) this.#change(copy);
    return copy;
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  /** Small definitions are all `document`, which is soon explored. */
  #change(root: Json): void {
    const { document, ...rest } = root as { [key: string]: Json };
    const place = this.#pick(placesOf(this.#random() < 0.08 ? { document: document ?? null } : rest));
    const top = place !== undefined && Object.hasOwn(rest, place.key) && place.container === rest;
    if (place === undefined) return;
    this.#alter(top ? { ...place, container: root as { [key: string]: Json } } : place);
  }

  #alter(place: Place): void {
    const chance = this.#random();
    if (typeof at(place) === 'string' && chance < 0.5) {
      if (chance < 0.14) this.#rewriteText(place);
      else if (chance < 0.32) put(place, this.#pick(TEXTS) ?? '');
      else this.#replaceByLike(place);
    } else if (chance < 0.45) this.#replaceByLike(place);
    else if (chance < 0.6) put(place, structuredClone(this.#pick(SCALARS) ?? null));
    else if (chance < 0.72) this.#remove(place);
    else if (chance < 0.92) this.#add(at(place));
    else this.#rename(place);
  }

  /** By what stands under the same name elsewhere: often still valid. */
  #replaceByLike(place: Place): void {
    const like = this.#pick(this.#parts.get(place.role) ?? []);
    if (like !== undefined) put(place, structuredClone(like));
  }

  #rewriteText(place: Place): void {
    const text = at(place);
    if (typeof text !== 'string') return;
    const index = Math.floor(this.#random() * (text.length + 1));
    const character = this.#random() < 0.3 ? '' : (this.#pick(CHARACTERS) ?? '');
    put(place, text.slice(0, index) + character + text.slice(index + (this.#random() < 0.5 ? 1 : 0)));
  }

  #remove({ container, key }: Place): void {
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[String(key)];
  }

  /** A member or item, of the value itself or of one that stands elsewhere. */
  #add(value: Json): void {
    if (Array.isArray(value)) {
      const item = this.#pick(this.#parts.get('do[]') ?? []);
      value.push(structuredClone(this.#random() < 0.5 && value[0] !== undefined ? value[0] : (item ?? null)));
    } else if (typeof value === 'object' && value !== null) {
      const key = (this.#random() < 0.15 ? this.#pick(NAMES) : this.#pick(this.#names)) ?? 'extra';
      put({ container: value, key }, structuredClone(this.#pick(this.#parts.get(key) ?? [1]) ?? null));
    }
  }

  #rename(place: Place): void {
    const { container, key } = place;
    if (Array.isArray(container)) return;
    const value = at(place);
    delete container[String(key)];
    put(
      { container, key: (this.#random() < 0.5 ? this.#pick(NAMES) : this.#pick(this.#names)) ?? 'extra' },
      value,
    );
  }
}
