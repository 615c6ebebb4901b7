/** jq source text to tokens. String templates become one token that holds the tokens of its interpolations. */
import { JqSyntaxError } from './errors.ts';

interface Place {
  /** Offset of the first character and of the one after the last, in UTF-16 units. */
  start: number;
  end: number;
}

type TemplatePart = string | Token[];

export type Token = Place &
  (
    | { kind: 'number'; value: number }
    | { kind: 'string'; parts: TemplatePart[] }
    /** `text` is the name alone, without the leading `.`, `$` or `@`. */
    | { kind: 'name' | 'keyword' | 'field' | 'variable' | 'format' | 'symbol'; text: string }
    | { kind: 'end' }
  );

const KEYWORDS: ReadonlySet<string> = new Set(
  'as def module import include if then else elif end reduce foreach try catch label break and or'.split(' '),
);

/** A number literal is at most this long. */
const MAX_NUMBER_LENGTH = 1024;
/** String templates nest at most this deep. */
const MAX_TEMPLATE_DEPTH = 50;

const SPACE = /(?:[ \t\r\n]+|#(?:\\(?:\\|\r?\n)|[^\n])*)+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[.$@]?(?:[a-zA-Z_]\w*::)*[a-zA-Z_]\w*/y;
const FORMAT = /@\w+/y;
const SYMBOL = /\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[.?=;,:|+\-*/%$<>()[\]{}]/y;
const PLAIN_TEXT = /[^"\\]+/y;
const CLOSERS: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Lexer {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** Tokens up to the end of the source, or up to the `)` that ends an interpolation. */
  tokens(templateDepth: number): Token[] {
    const tokens: Token[] = [];
    const open: string[] = templateDepth === 0 ? [] : [')'];
    for (;;) {
      this.match(SPACE);
      const token = this.next(templateDepth);
      if (token.kind === 'end') {
        if (templateDepth > 0) throw this.error('unterminated string interpolation', this.at);
        tokens.push(token);
        return tokens;
      }
      if (token.kind === 'symbol') {
        const closer = CLOSERS[token.text];
        if (closer !== undefined) open.push(closer);
        if (token.text === ')' || token.text === ']' || token.text === '}') {
          if (open.pop() !== token.text)
            throw this.error(`syntax error, unexpected '${token.text}'`, token.start);
          if (templateDepth > 0 && open.length === 0) {
            tokens.push({ kind: 'end', start: token.start, end: token.end });
            return tokens;
          }
        }
      }
      tokens.push(token);
    }
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  private next(templateDepth: number): Token {
    const start = this.at;
    const first = this.source.charAt(start);
    if (first === '') return { kind: 'end', start, end: start };
    if (first === '"') {
      this.at++;
      const parts = this.template(start, templateDepth);
      return { kind: 'string', parts, start, end: this.at };
    }
    if (first === '@') {
      const format = this.match(FORMAT);
      if (format !== null) return { kind: 'format', text: format.slice(1), start, end: this.at };
    }
    const number = this.match(NUMBER);
    if (number !== null) {
      if (number.length > MAX_NUMBER_LENGTH) throw this.error('number literal is too long', start);
      return { kind: 'number', value: Number(number), start, end: this.at };
    }
    return this.word(start) ?? this.symbol(start);
  }

  private word(start: number): Token | null {
    const word = this.match(WORD);
    if (word === null) return null;
    const place = { start, end: this.at };
    if (word.startsWith('$')) return { kind: 'variable', text: word.slice(1), ...place };
    if (word.startsWith('.')) return { kind: 'field', text: word.slice(1), ...place };
    return { kind: KEYWORDS.has(word) ? 'keyword' : 'name', text: word, ...place };
  }

  private symbol(start: number): Token {
    const symbol = this.match(SYMBOL);
    if (symbol === null) {
      throw this.error(`syntax error, unexpected character '${this.source.charAt(start)}'`, start);
    }
    return { kind: 'symbol', text: symbol, start, end: this.at };
  }

  /** The parts of a string template, after its opening quote. */
  private template(start: number, depth: number): TemplatePart[] {
    if (depth >= MAX_TEMPLATE_DEPTH) throw this.error('strings are nested too deep', start);
    const parts: TemplatePart[] = [];
    let text = '';
    for (;;) {
      text += this.match(PLAIN_TEXT) ?? '';
      const next = this.source.charAt(this.at);
      if (next === '') throw this.error('unterminated string literal', start);
      this.at++;
      if (next === '"') break;
      if (this.source.charAt(this.at) === '(') {
        this.at++;
        parts.push(text, this.tokens(depth + 1));
        text = '';
      } else {
        text += this.escape();
      }
    }
    parts.push(text);
    return parts.filter((part) => part !== '');
  }

  /** The character that an escape stands for, after its backslash. */
  private escape(): string {
    const start = this.at - 1;
    const letter = this.source.charAt(this.at++);
    const simple = ESCAPES[letter];
    if (simple !== undefined) return simple;
    if (letter !== 'u') throw this.error('Invalid escape', start);
    const digits = this.source.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.error('Invalid \\uXXXX escape', start);
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private error(message: string, offset: number): JqSyntaxError {
    return new JqSyntaxError(message, this.source, offset);
  }
}

/** Splits jq source into tokens; the last one is of kind `end`. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).tokens(0);
}
