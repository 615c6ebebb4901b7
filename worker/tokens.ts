/** Tokens of outbound calls, in the memory of this worker alone: neither the database nor a log ever sees one. */
import type { TokenCache } from '../lib/engine/types.ts';

export interface Tokens {
  /**
   * The tokens of one org.
   * @param now the clock by which they expire, epoch milliseconds: `Ports.now` of the run
   */
  of(orgId: string, now: () => number): TokenCache;
}

interface Entry {
  token: string;
  expiresAtMs: number;
}

const MAX_ENTRIES = 10_000;
/** All tokens together, in UTF-16 units. */
const MAX_TOTAL_LENGTH = 32 * 1024 * 1024;

class Cache implements Tokens {
  readonly #maxEntries: number;
  readonly #maxTotalLength: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #totalLength = 0;

  constructor(maxEntries: number, maxTotalLength: number) {
    this.#maxEntries = maxEntries;
    this.#maxTotalLength = maxTotalLength;
  }

  of(orgId: string, now: () => number): TokenCache {
    const name = (key: string): string => `${orgId}/${key}`;
    return {
      get: (key) => this.#get(name(key), now()),
      set: (key, token, expiresAtMs) => this.#set(name(key), { token, expiresAtMs }),
      delete: (key) => this.#drop(name(key)),
    };
  }

  #get(key: string, nowMs: number): string | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.expiresAtMs <= nowMs) {
      this.#drop(key);
      return null;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.token;
  }

  #set(key: string, entry: Entry): void {
    this.#drop(key);
    this.#entries.set(key, entry);
    this.#totalLength += entry.token.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#totalLength <= this.#maxTotalLength) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#totalLength -= this.#entries.get(key)?.token.length ?? 0;
    this.#entries.delete(key);
  }
}

/** The least recently used tokens go first when there are too many, or too much of them. */
export const createTokens = (maxEntries = MAX_ENTRIES, maxTotalLength = MAX_TOTAL_LENGTH): Tokens =>
  new Cache(maxEntries, maxTotalLength);
