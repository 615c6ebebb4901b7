/** Terms with their postfixes: the lower half of the grammar. */
import type { Ast } from './ast.ts';
import { parsePatterns } from './parse-pattern.ts';
import { checkConstantKey, parseTemplate } from './parse-template.ts';
import type { TokenReader } from './token-reader.ts';

const IDENTITY: Ast = { kind: 'identity' };
const CONSTANTS: Record<string, Ast> = {
  true: { kind: 'literal', value: true },
  false: { kind: 'literal', value: false },
  null: { kind: 'literal', value: null },
};

/** A term and everything that is written behind it: fields, brackets and `?`. */
export function parseTerm(reader: TokenReader): Ast {
  return reader.nested(() => {
    let term = parsePrimary(reader);
    for (let height = 0; ; height++) {
      const longer = parsePostfix(reader, term);
      if (longer === null) return term;
      reader.checkHeight(height);
      term = longer;
    }
  });
}

function parsePostfix(reader: TokenReader, target: Ast): Ast | null {
  const token = reader.current;
  if (token.kind === 'field') {
    reader.advance();
    const key: Ast = { kind: 'literal', value: token.text };
    return { kind: 'index', target, key, optional: reader.acceptSymbol('?') };
  }
  if (token.kind !== 'symbol') return null;
  if (token.text === '[') return parseBrackets(reader, target);
  if (token.text === '?' || token.text === '?//') {
    if (token.text === '?') reader.advance();
    else reader.splitAlternative();
    return { kind: 'try', body: target, handler: null };
  }
  if (token.text !== '.') return null;
  reader.advance();
  if (reader.isSymbol('[')) return parseBrackets(reader, target);
  const key = parseTemplate(reader);
  if (key === null) throw reader.error('try .["field"] instead of .field for unusually named fields');
  return { kind: 'index', target, key, optional: reader.acceptSymbol('?') };
}

/** `[]`, `[key]`, `[from:]`, `[:to]` or `[from:to]`, each with an optional `?`. */
function parseBrackets(reader: TokenReader, target: Ast): Ast {
  reader.expectSymbol('[');
  if (reader.acceptSymbol(']')) return { kind: 'iterate', target, optional: reader.acceptSymbol('?') };
  const from = reader.isSymbol(':') ? null : reader.query();
  if (!reader.acceptSymbol(':')) {
    reader.expectSymbol(']');
    return { kind: 'index', target, key: from ?? IDENTITY, optional: reader.acceptSymbol('?') };
  }
  const to = from !== null && reader.isSymbol(']') ? null : reader.query();
  reader.expectSymbol(']');
  return { kind: 'slice', target, from, to, optional: reader.acceptSymbol('?') };
}

function parsePrimary(reader: TokenReader): Ast {
  const token = reader.current;
  const at = token.start;
  switch (token.kind) {
    case 'number':
      reader.advance();
      return { kind: 'literal', value: token.value };
    case 'string':
      return parseTemplate(reader) ?? IDENTITY;
    case 'format':
      return parseTemplate(reader) ?? { kind: 'format', name: token.text, at: reader.advance().start };
    case 'field':
      // The postfix loop reads the field itself.
      return IDENTITY;
    case 'variable':
      reader.advance();
      return token.text === '__loc__' ? location(reader, at) : { kind: 'variable', name: token.text, at };
    case 'name':
      reader.advance();
      return parseCall(reader, token.text, at);
    case 'keyword':
      return parseKeyword(reader, token.text);
    case 'symbol':
      return parseSymbol(reader, token.text);
    case 'end':
      throw reader.unexpected();
    default:
      return token satisfies never;
  }
}

/** `$__loc__`: where in the program it stands. */
function location(reader: TokenReader, at: number): Ast {
  const line = reader.source.slice(0, at).split('\n').length;
  return { kind: 'literal', value: { file: '<top-level>', line } };
}

function parseCall(reader: TokenReader, name: string, at: number): Ast {
  const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
  if (constant !== undefined && !reader.isSymbol('(')) return constant;
  const args: Ast[] = [];
  if (reader.acceptSymbol('(')) {
    do args.push(reader.query());
    while (reader.acceptSymbol(';'));
    reader.expectSymbol(')');
  }
  return { kind: 'call', name, args, at };
}

function parseSymbol(reader: TokenReader, symbol: string): Ast {
  switch (symbol) {
    case '.': {
      reader.advance();
      if (reader.isSymbol('[')) return parseBrackets(reader, IDENTITY);
      const key = parseTemplate(reader);
      return key === null
        ? IDENTITY
        : { kind: 'index', target: IDENTITY, key, optional: reader.acceptSymbol('?') };
    }
    case '..':
      reader.advance();
      return { kind: 'recurse' };
    case '-':
      reader.advance();
      return { kind: 'negate', body: parseTerm(reader) };
    case '(': {
      reader.advance();
      const body = reader.query();
      reader.expectSymbol(')');
      return body;
    }
    case '[': {
      reader.advance();
      if (reader.acceptSymbol(']')) return { kind: 'array', body: null };
      const body = reader.query();
      reader.expectSymbol(']');
      return { kind: 'array', body };
    }
    case '{':
      return parseObject(reader);
    default:
      throw reader.unexpected();
  }
}

function parseKeyword(reader: TokenReader, keyword: string): Ast {
  const at = reader.advance().start;
  switch (keyword) {
    case 'if':
      return parseIf(reader);
    case 'try': {
      const body = parseTerm(reader);
      return { kind: 'try', body, handler: reader.acceptKeyword('catch') ? parseTerm(reader) : null };
    }
    case 'reduce':
    case 'foreach':
      return parseFold(reader, keyword);
    case 'break':
      return { kind: 'break', name: reader.expectName('variable', 'a label to break to'), at };
    default:
      throw reader.error(`syntax error, unexpected '${keyword}'`, at);
  }
}

function parseIf(reader: TokenReader): Ast {
  const branches: { condition: Ast; body: Ast }[] = [];
  do {
    const condition = reader.query();
    reader.expectKeyword('then');
    branches.push({ condition, body: reader.query() });
  } while (reader.acceptKeyword('elif'));
  const otherwise = reader.acceptKeyword('else') ? reader.query() : null;
  reader.expectKeyword('end');
  return { kind: 'if', branches, otherwise };
}

function parseFold(reader: TokenReader, kind: 'reduce' | 'foreach'): Ast {
  const source = reader.expression();
  reader.expectKeyword('as');
  const patterns = parsePatterns(reader);
  reader.expectSymbol('(');
  const initial = reader.query();
  reader.expectSymbol(';');
  const update = reader.query();
  const extract = kind === 'foreach' && reader.acceptSymbol(';') ? reader.query() : null;
  reader.expectSymbol(')');
  if (kind === 'reduce') return { kind, source, patterns, initial, update };
  return { kind, source, patterns, initial, update, extract };
}

function parseObject(reader: TokenReader): Ast {
  reader.expectSymbol('{');
  const entries: { key: Ast; value: Ast }[] = [];
  while (!reader.acceptSymbol('}')) {
    entries.push(parseMember(reader));
    if (!reader.isSymbol('}')) reader.expectSymbol(',');
  }
  return { kind: 'object', entries };
}

function parseMember(reader: TokenReader): { key: Ast; value: Ast } {
  const token = reader.current;
  const at = token.start;
  if (token.kind === 'variable') {
    reader.advance();
    const bound: Ast =
      token.text === '__loc__' ? location(reader, at) : { kind: 'variable', name: token.text, at };
    if (reader.acceptSymbol(':')) return { key: bound, value: parseMemberValue(reader) };
    return { key: { kind: 'literal', value: token.text }, value: bound };
  }
  if (reader.acceptSymbol('(')) {
    const key = reader.query();
    reader.expectSymbol(')');
    checkConstantKey(reader, key, at);
    reader.expectSymbol(':');
    return { key, value: parseMemberValue(reader) };
  }
  const key = parseMemberName(reader);
  if (reader.acceptSymbol(':')) return { key, value: parseMemberValue(reader) };
  if (!reader.isSymbol(',') && !reader.isSymbol('}')) {
    throw reader.error('May need parentheses around object key expression', at);
  }
  return { key, value: { kind: 'index', target: IDENTITY, key, optional: false } };
}

function parseMemberName(reader: TokenReader): Ast {
  const token = reader.current;
  if (token.kind === 'name' || token.kind === 'keyword') {
    reader.advance();
    return { kind: 'literal', value: token.text };
  }
  const template = parseTemplate(reader);
  if (template !== null) return template;
  if (token.kind === 'end') throw reader.unexpected();
  throw reader.error('May need parentheses around object key expression');
}

/** Member values may be piped, but a `,` ends them. */
function parseMemberValue(reader: TokenReader): Ast {
  const parts = [reader.expression()];
  while (reader.acceptSymbol('|')) parts.push(reader.expression());
  const [first = IDENTITY] = parts;
  return parts.length === 1 ? first : { kind: 'pipe', parts };
}
