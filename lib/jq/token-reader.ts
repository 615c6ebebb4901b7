/** A cursor over tokens with the error messages of the parser. */
import type { Ast } from './ast.ts';
import { JqSyntaxError } from './errors.ts';
import type { Token } from './lexer.ts';

/** Expressions nest at most this deep. */
const MAX_NESTING = 500;

/** The two rules of the grammar that the others come back to. */
export interface Grammar {
  query: (reader: TokenReader) => Ast;
  expression: (reader: TokenReader) => Ast;
}

export class TokenReader {
  readonly source: string;
  private readonly grammar: Grammar;
  private tokens: Token[];
  private index = 0;
  private nesting = 0;

  constructor(source: string, tokens: Token[], grammar: Grammar) {
    this.source = source;
    this.tokens = tokens;
    this.grammar = grammar;
  }

  query(): Ast {
    return this.grammar.query(this);
  }

  expression(): Ast {
    return this.grammar.expression(this);
  }

  get current(): Token {
    const token = this.tokens[this.index] ?? this.tokens.at(-1);
    if (token === undefined) throw new JqSyntaxError('syntax error, no tokens', this.source, 0);
    return token;
  }

  get atEnd(): boolean {
    return this.current.kind === 'end';
  }

  advance(): Token {
    const token = this.current;
    this.index++;
    return token;
  }

  /** Reads a `?//` behind a term as `?` and then `//`. */
  splitAlternative(): void {
    const { start, end } = this.current;
    this.tokens[this.index] = { kind: 'symbol', text: '//', start: start + 1, end };
  }

  stepBack(): void {
    this.index--;
  }

  isSymbol(text: string): boolean {
    const token = this.current;
    return token.kind === 'symbol' && token.text === text;
  }

  isKeyword(text: string): boolean {
    const token = this.current;
    return token.kind === 'keyword' && token.text === text;
  }

  /** Takes the symbol if it is next. */
  acceptSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false;
    this.index++;
    return true;
  }

  acceptKeyword(text: string): boolean {
    if (!this.isKeyword(text)) return false;
    this.index++;
    return true;
  }

  expectSymbol(text: string): void {
    if (!this.acceptSymbol(text)) throw this.unexpected(`'${text}'`);
  }

  expectKeyword(text: string): void {
    if (!this.acceptKeyword(text)) throw this.unexpected(`'${text}'`);
  }

  /** Takes a token of one kind and gives its name. */
  expectName(kind: 'name' | 'variable', wanted: string): string {
    const token = this.current;
    if (token.kind !== kind) throw this.unexpected(wanted);
    this.index++;
    return token.text;
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.nesting > MAX_NESTING) throw this.error('the expression is nested too deep');
    const result = parse();
    this.nesting--;
    return result;
  }

  /** Counts the height of a tree that grows without recursion. */
  checkHeight(height: number): void {
    if (height > MAX_NESTING) throw this.error('the expression is nested too deep');
  }

  /** Reads the tokens of an interpolation, then goes on where it was. */
  within<T>(tokens: Token[], parse: () => T): T {
    const { tokens: outer, index } = this;
    this.tokens = tokens;
    this.index = 0;
    const result = parse();
    if (this.current.kind !== 'end') throw this.unexpected("')'");
    this.tokens = outer;
    this.index = index;
    return result;
  }

  error(message: string, at = this.current.start): JqSyntaxError {
    return new JqSyntaxError(message, this.source, at);
  }

  unexpected(wanted?: string): JqSyntaxError {
    const token = this.current;
    const found =
      token.kind === 'end' ? 'end of the expression' : `'${this.source.slice(token.start, token.end)}'`;
    const expecting = wanted === undefined ? '' : `, expecting ${wanted}`;
    return this.error(`syntax error, unexpected ${found}${expecting}`);
  }
}
