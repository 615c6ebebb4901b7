/** jq's `fromjson`: JSON plus NaN and infinities, with jq's error messages. */
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { setMember } from './json.ts';
import type { Meter } from './limits.ts';
import { deeperThan } from './order.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_A_NUMBER = /^[+-]?nan$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const WORD = /[^ \t\r\n"[\]{}:,]+/y;

const TOKENS_PER_CLOCK_READING = 1000;

/** The number that a text stands for, or undefined. */
export function parseNumber(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (NOT_A_NUMBER.test(text)) return NaN;
  const infinite = INFINITE.exec(text);
  return infinite === null ? undefined : infinite[1] === '-' ? -Infinity : Infinity;
}

/** An open container; `key` waits for its value. */
interface Open {
  items: Json[] | null;
  members: JsonObject | null;
  key: string | null;
}

/** Reads one JSON value as jq does, with an explicit stack. */
class JsonReader {
  private readonly text: string;
  private readonly meter: Meter;
  private at = 0;
  private readonly open: Open[] = [];
  private next: Json | undefined;
  private result: Json | undefined;

  constructor(text: string, meter: Meter) {
    this.text = text;
    this.meter = meter;
  }

  read(): Json {
    for (let turn = 1; this.at < this.text.length; turn++) {
      // The steps were counted before by the length of the text.
      if (turn % TOKENS_PER_CLOCK_READING === 0) this.meter.checkTime();
      const character = this.text.charAt(this.at);
      if (character === '"') this.value(this.string());
      else if ('[{]}:,'.includes(character)) {
        this.at++;
        this.structure(character);
      } else if (' \t\r\n'.includes(character)) this.at++;
      else this.value(this.word());
      if (this.open.length === 0 && this.next !== undefined) this.finishValue();
    }
    if (this.open.length > 0) return this.error('Unfinished JSON term at EOF', this.text.length);
    return this.result ?? this.problem('Expected JSON value');
  }

  private finishValue(): void {
    if (this.result !== undefined) this.problem('Unexpected extra JSON values');
    this.result = this.next;
    this.next = undefined;
  }

  private value(value: Json): void {
    if (this.next !== undefined) this.error('Expected separator between values');
    this.next = value;
  }

  private word(): Json {
    WORD.lastIndex = this.at;
    const word = WORD.exec(this.text)?.[0] ?? '';
    this.at += word.length;
    // jq sees a word end at the character behind it.
    const end = this.at >= this.text.length ? 'at EOF ' : '';
    const column = end === '' ? this.at + 1 : this.at;
    if (word.startsWith("'"))
      return this.error(`Invalid string literal; expected ", but got ' ${end}`.trim(), column);
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (/^(?:t|f|nu)/.test(word)) return this.error(`Invalid literal ${end}`.trim(), column);
    return parseNumber(word) ?? this.error(`Invalid numeric literal ${end}`.trim(), column);
  }

  private string(): string {
    const start = this.at;
    const end = this.endOfString(start);
    if (end === -1) this.error('Unfinished string at EOF', this.text.length);
    this.at = end + 1;
    try {
      return JSON.parse(this.text.slice(start, end + 1)) as string; // a quoted text
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.error('Invalid escape');
    }
  }

  /** The offset of the quote that ends the string, or -1. */
  private endOfString(start: number): number {
    let end = this.text.indexOf('"', start + 1);
    for (let turn = 1; end !== -1 && this.isEscaped(end); turn++) {
      if (turn % TOKENS_PER_CLOCK_READING === 0) this.meter.checkTime();
      end = this.text.indexOf('"', end + 1);
    }
    return end;
  }

  /** Whether an odd number of backslashes stands before. */
  private isEscaped(at: number): boolean {
    let start = at;
    while (this.text.charAt(start - 1) === '\\') start--;
    return (at - start) % 2 === 1;
  }

  private structure(character: string): void {
    const container = this.open.at(-1);
    if (character === '[' || character === '{') {
      if (this.open.length >= this.meter.limits.maxDepth) this.error('Exceeds depth limit for parsing');
      if (this.next !== undefined) this.error('Expected separator between values');
      this.open.push({
        items: character === '[' ? [] : null,
        members: character === '{' ? {} : null,
        key: null,
      });
    } else if (character === ':') this.colon(container);
    else if (character === ',') {
      if (this.next === undefined) this.error("Expected value before ','");
      if (container === undefined) this.error("',' not as part of an object or array");
      else this.append(container);
    } else this.close(container, character);
  }

  private colon(container: Open | undefined): void {
    if (this.next === undefined) this.error("Expected string key before ':'");
    if (container === undefined || container.members === null || container.key !== null) {
      this.error("':' not as part of an object");
    } else if (typeof this.next !== 'string') this.error('Object keys must be strings');
    else {
      container.key = this.next;
      this.next = undefined;
    }
  }

  private append(container: Open): void {
    const value = this.next ?? null;
    if (container.items !== null) container.items.push(value);
    else if (container.members === null || container.key === null) {
      this.error('Objects must consist of key:value pairs');
    } else {
      setMember(container.members, container.key, value);
      container.key = null;
    }
    this.next = undefined;
  }

  private close(container: Open | undefined, character: string): void {
    const isArray = character === ']';
    if (container === undefined || (container.items !== null) !== isArray)
      this.error(`Unmatched '${character}'`);
    else {
      if (this.next !== undefined) this.append(container);
      else if (container.items !== null && container.items.length > 0)
        this.error('Expected another array element');
      else if (container.key !== null || Object.keys(container.members ?? {}).length > 0) {
        this.error(container.key === null ? 'Expected another key-value pair' : "Unmatched '}'");
      }
      this.open.pop();
      this.next = container.items ?? container.members ?? null;
    }
  }

  private error(message: string, end = this.at): never {
    const before = this.text.slice(0, end);
    const line = before.split('\n').length;
    const column = end - (before.lastIndexOf('\n') + 1);
    return this.problem(`${message} at line ${line}, column ${column}`);
  }

  private problem(message: string): never {
    return fail(`${message} (while parsing '${this.text}')`);
  }
}

/** Longer texts are read by the own reader, which is slower and looks at the clock. */
const MAX_NATIVE_LENGTH = 512 * 1024;

/** Parses JSON text; jq's errors tell the place and repeat the text. */
export function parseJson(text: string, meter: Meter): Json {
  meter.charge(text.length * 4);
  meter.tick(text.length >> 3);
  meter.checkTime();
  if (text.length <= MAX_NATIVE_LENGTH) {
    try {
      const value = JSON.parse(text) as Json; // JSON.parse gives JSON
      if (!deeperThan(value, meter.limits.maxDepth, meter)) return value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return new JsonReader(text.startsWith('\ufeff') ? text.slice(1) : text, meter).read();
}
