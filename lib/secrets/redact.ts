/** Masks the values of secrets in what leaves a run: logs, timeline, errors. By value, wherever they came from. */
import { isJsonObject, setMember } from '../engine/json.ts';
import type { DslError, Json } from '../engine/types.ts';
import { formsOf, MIN_SECRET_LENGTH } from './forms.ts';
import { createBeginnings } from './cut.ts';
import { createSearch, inOrder, MAX_WINDOW, type Span } from './search.ts';

/** What stands where a secret stood. */
const MASK = '***';

/**
 * Of the texts that are looked for, in UTF-16 units: four times what the secrets of a run may have. A run that sends
 * more different credentials than that would fill the memory; from then on its texts are masked whole.
 */
const MAX_KNOWN_LENGTH = 1 << 20;

/** Deeper values are masked whole; nothing that deep can be stored. */
const MAX_NESTING = 2000;

export interface Redactor {
  /** From now on the strings in `value` are masked as well: a secret, or credentials made of some. */
  add(value: Json): void;
  /**
   * `text`, or its first `maxLength` UTF-16 units, with every secret masked. Costs as much as it keeps, so an end that
   * is cut off anyway is better cut off here; a secret that the cut goes through is masked too.
   */
  text(text: string, maxLength?: number): string;
  /** A copy with the strings and the names of members masked; `value` itself when there is nothing to mask. */
  json<T extends Json>(value: T): T;
}

/** The strings in a value; of one with white space around it also what is between, as headers have it. */
function* stringsIn(value: Json): Generator<string> {
  if (typeof value === 'string') {
    yield value;
    yield value.trim();
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) yield* stringsIn(part);
  }
}

/** Values of a run share parts, often enough that walking each again would take exponential time. */
class Copy {
  readonly #mask: (text: string) => string;
  readonly #known = new Map<object, Json>();

  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  /** One call a level, so that the deepest value fits the stack. */
  of(value: Json, depth = 0): Json {
    if (typeof value === 'string') return this.#mask(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_NESTING) return MASK;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    let differs = false;
    const keep = (part: Json, masked: Json): Json => {
      differs ||= part !== masked;
      return masked;
    };
    let copy: Json;
    if (isJsonObject(value)) {
      copy = {};
      for (const [key, part] of Object.entries(value)) {
        const name = this.#mask(key);
        differs ||= name !== key;
        setMember(copy, name, keep(part, this.of(part, depth + 1)));
      }
    } else {
      copy = [];
      for (const part of value) copy.push(keep(part, this.of(part, depth + 1)));
    }
    const result = differs ? copy : value;
    this.#known.set(value, result);
    return result;
  }
}

/** `text` with each span replaced by the mask; what a span has beyond the end of `text` counts for nothing. */
function maskSpans(text: string, spans: readonly Span[]): string {
  let masked = '';
  let at = 0;
  for (const { start, end } of spans) {
    if (start >= text.length) break;
    masked += text.slice(at, start) + MASK;
    at = end;
  }
  return masked + text.slice(at);
}

/**
 * A redactor for these secrets. Strings of fewer than four characters are passed over, and so are numbers. Every
 * occurrence of every other string is masked, in each of its usual spellings (see `formsOf`); where two overlap, both.
 * @param values the values of the run's secrets
 */
export function createRedactor(values: Iterable<Json>): Redactor {
  const search = createSearch();
  const beginnings = createBeginnings();
  const known = new Set<string>();
  let knownLength = 0;
  /** Most runs write no text that a secret could be in: the spellings are made when the first one comes. */
  let pending: string[] = [];
  const add = (value: Json): void => {
    for (const text of stringsIn(value)) {
      if (text.length < MIN_SECRET_LENGTH || known.has(text)) continue;
      if (knownLength > MAX_KNOWN_LENGTH) return;
      knownLength += text.length;
      known.add(text);
      pending.push(text);
    }
  };
  const spansIn = (text: string): Span[] => {
    for (const secret of pending) {
      for (const form of formsOf(secret)) {
        search.addPattern(form);
        beginnings.add(form);
      }
    }
    pending = [];
    const cut = beginnings.spansIn(text);
    const whole = search.spansIn(text);
    return cut.length === 0 ? whole : inOrder([...whole, ...cut]);
  };
  const mask = (text: string, maxLength = Infinity): string => {
    const kept = text.slice(0, maxLength);
    if (known.size === 0 || text.length < MIN_SECRET_LENGTH) return kept;
    if (knownLength > MAX_KNOWN_LENGTH) return MASK;
    const spans = spansIn(text.slice(0, maxLength + MAX_WINDOW));
    return spans.length === 0 ? kept : maskSpans(kept, spans);
  };
  for (const value of values) add(value);
  return {
    add,
    text: mask,
    // The cast: masking strings keeps the shape.
    json: <T extends Json>(value: T): T =>
      known.size === 0 ? value : (new Copy((text) => mask(text)).of(value) as T),
  };
}

/**
 * An error with secrets masked in its texts, for the run's row and its timeline.
 * @param maxLength of each text; one that is longer is cut and ends with `…`
 */
export function redactError(redactor: Redactor, error: DslError, maxLength = Infinity): DslError {
  const mask = (text: string): string =>
    redactor.text(text, maxLength) + (text.length > maxLength ? '…' : '');
  const { type, status, title, detail, instance } = error;
  const texts = { type: mask(type), title: mask(title), instance: mask(instance) };
  return { ...texts, status, ...(detail !== undefined && { detail: mask(detail) }) };
}
