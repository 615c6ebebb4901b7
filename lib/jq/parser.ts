/** Queries and operators: the upper half of the grammar (jq's parser.y). Terms are in parse-term.ts. */
import type { Ast, BinaryOperator, Definition, UpdateOperator } from './ast.ts';
import { JqSyntaxError } from './errors.ts';
import { tokenize } from './lexer.ts';
import { parsePatterns } from './parse-pattern.ts';
import { parseTerm } from './parse-term.ts';
import { TokenReader } from './token-reader.ts';

/** Longest program, in UTF-16 units. */
const MAX_SOURCE_LENGTH = 64 * 1024;

type Associativity = 'left' | 'right' | 'none';

/** Binding power, from loose to tight; jq binds `//` looser than the assignments. */
const OPERATORS: Record<string, [power: number, associativity: Associativity]> = {
  '//': [1, 'right'],
  '=': [2, 'none'],
  '|=': [2, 'none'],
  '+=': [2, 'none'],
  '-=': [2, 'none'],
  '*=': [2, 'none'],
  '/=': [2, 'none'],
  '%=': [2, 'none'],
  '//=': [2, 'none'],
  or: [3, 'left'],
  and: [4, 'left'],
  '==': [5, 'none'],
  '!=': [5, 'none'],
  '<': [5, 'none'],
  '<=': [5, 'none'],
  '>': [5, 'none'],
  '>=': [5, 'none'],
  '+': [6, 'left'],
  '-': [6, 'left'],
  '*': [7, 'left'],
  '/': [7, 'left'],
  '%': [7, 'left'],
};

function combine(operator: string, left: Ast, right: Ast): Ast {
  switch (operator) {
    case '//':
      return { kind: 'alternative', left, right };
    case 'and':
    case 'or':
      return { kind: operator, left, right };
    default:
      // The table of operators holds nothing else.
      return OPERATORS[operator]?.[0] === 2
        ? { kind: 'update', operator: operator as UpdateOperator, target: left, value: right }
        : { kind: 'binary', operator: operator as BinaryOperator, left, right };
  }
}

/** An expression of operators that bind at least as tight as `minimum`; no `,` or `|`. */
function parseExpression(reader: TokenReader, minimum = 0): Ast {
  return reader.nested(() => {
    let left = parseTerm(reader);
    for (let height = 0; ; height++) {
      const token = reader.current;
      const text = token.kind === 'symbol' || token.kind === 'keyword' ? token.text : '';
      const operator = Object.hasOwn(OPERATORS, text) ? OPERATORS[text] : undefined;
      if (operator === undefined || operator[0] < minimum) return left;
      const [power, associativity] = operator;
      reader.checkHeight(height);
      reader.advance();
      const right = parseExpression(reader, associativity === 'right' ? power : power + 1);
      left = combine(text, left, right);
      const next = reader.current;
      if (associativity === 'none' && next.kind === 'symbol' && OPERATORS[next.text]?.[0] === power) {
        throw reader.unexpected();
      }
    }
  });
}

function parseDefinition(reader: TokenReader): Definition {
  reader.expectKeyword('def');
  const name = reader.expectName('name', 'a function name');
  const parameters: Definition['parameters'] = [];
  if (reader.acceptSymbol('(')) {
    do {
      const isVariable = reader.current.kind === 'variable';
      parameters.push({
        name: reader.expectName(isVariable ? 'variable' : 'name', 'a parameter'),
        isVariable,
      });
    } while (reader.acceptSymbol(';'));
    reader.expectSymbol(')');
  }
  reader.expectSymbol(':');
  const body = parseQuery(reader);
  reader.expectSymbol(';');
  return { name, parameters, body };
}

/** `def … ; query`, `label $x | query` or `expression as patterns | query`: they reach to the end of the query. */
function parseItem(reader: TokenReader): { item: Ast; reachesEnd: boolean } {
  if (reader.isKeyword('def')) {
    const definitions: Definition[] = [];
    while (reader.isKeyword('def')) definitions.push(parseDefinition(reader));
    const body: Ast = reader.atEnd ? { kind: 'identity' } : parseQuery(reader);
    return { item: { kind: 'define', definitions, body }, reachesEnd: true };
  }
  if (reader.acceptKeyword('label')) {
    const name = reader.expectName('variable', 'a label');
    reader.expectSymbol('|');
    return { item: { kind: 'label', name, body: parseQuery(reader) }, reachesEnd: true };
  }
  const source = parseExpression(reader);
  if (!reader.acceptKeyword('as')) return { item: source, reachesEnd: false };
  const patterns = parsePatterns(reader);
  reader.expectSymbol('|');
  return { item: { kind: 'bind', source, patterns, body: parseQuery(reader) }, reachesEnd: true };
}

function single(kind: 'pipe' | 'comma', parts: Ast[]): Ast {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { kind, parts };
}

/** A whole query: pipes of commas of expressions. */
function parseQuery(reader: TokenReader): Ast {
  return reader.nested(() => {
    const stages: Ast[] = [];
    for (;;) {
      const items: Ast[] = [];
      let ended = false;
      do {
        const { item, reachesEnd } = parseItem(reader);
        items.push(item);
        ended = reachesEnd;
      } while (!ended && reader.acceptSymbol(','));
      stages.push(single('comma', items));
      if (ended || !reader.acceptSymbol('|')) return single('pipe', stages);
    }
  });
}

function readerOf(source: string): TokenReader {
  if (source.length > MAX_SOURCE_LENGTH) {
    throw new JqSyntaxError(`the program is longer than ${MAX_SOURCE_LENGTH} characters`, source, 0);
  }
  return new TokenReader(source, tokenize(source), { query: parseQuery, expression: parseExpression });
}

/** Parses a program. An empty one is the identity. */
export function parseProgram(source: string): Ast {
  const reader = readerOf(source);
  for (const word of ['module', 'import', 'include']) {
    if (reader.isKeyword(word)) throw reader.error(`\`${word}\` is not available in a workflow`);
  }
  if (reader.atEnd) return { kind: 'identity' };
  const program = parseQuery(reader);
  if (!reader.atEnd) throw reader.unexpected();
  return program;
}

/** Parses a library: definitions alone. */
export function parseDefinitions(source: string): Definition[] {
  const reader = readerOf(source);
  const definitions: Definition[] = [];
  while (!reader.atEnd) definitions.push(parseDefinition(reader));
  return definitions;
}
