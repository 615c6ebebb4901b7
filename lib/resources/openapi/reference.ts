/** `$ref` inside an OpenAPI document (Reference Object; RFC 6901): followed one at a time, never expanded. */
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { ResourceFault } from '../types.ts';

/** References to references; real documents have one. */
const MAX_HOPS = 8;
const MAX_REFERENCE_LENGTH = 1000;

export class References {
  readonly #document: Json;
  /** Targets by reference: the same one may be followed a thousand times. */
  readonly #known = new Map<string, Json>();

  constructor(document: Json) {
    this.#document = document;
  }

  /**
   * The value itself, or what it refers to.
   * @param what names it in messages, for example "a parameter of `getPet`"
   * @throws {ResourceFault} when the reference leads out of the document, nowhere, or round in circles
   */
  follow(value: Json | undefined, what: string): Json | undefined {
    let target = value;
    for (let hops = 0; ; hops += 1) {
      const reference = member(target, '$ref');
      if (typeof reference !== 'string') return target;
      if (hops === MAX_HOPS) {
        throw new ResourceFault(`${what} is a chain of more than ${MAX_HOPS} references`);
      }
      target = this.#target(reference, what);
    }
  }

  /** As `follow`, of what a call can do without: undefined when the reference cannot be followed. */
  followIfPossible(value: Json | undefined): Json | undefined {
    try {
      return this.follow(value, 'a reference');
    } catch (error) {
      if (error instanceof ResourceFault) return undefined;
      throw error;
    }
  }

  /** As `follow`, of what has to be an object. */
  object(value: Json | undefined, what: string): JsonObject {
    const target = this.follow(value, what);
    if (isJsonObject(target)) return target;
    throw new ResourceFault(`${what} is not an object`);
  }

  #target(reference: string, what: string): Json {
    const known = this.#known.get(reference);
    if (known !== undefined) return known;
    if (!reference.startsWith('#')) {
      const hint = 'only this one document is read; bundle what it refers to into it';
      throw new ResourceFault(`${what} is in another document; ${hint}`);
    }
    const found = reference.length > MAX_REFERENCE_LENGTH ? undefined : this.#find(reference.slice(1));
    if (found === undefined) throw new ResourceFault(`${what} is a reference that leads nowhere`);
    this.#known.set(reference, found);
    return found;
  }

  #find(fragment: string): Json | undefined {
    let value: Json | undefined = this.#document;
    for (const part of decoded(fragment).split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      value = Array.isArray(value)
        ? /^\d{1,9}$/.test(key)
          ? value[Number(key)]
          : undefined
        : member(value, key);
    }
    return value;
  }
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
