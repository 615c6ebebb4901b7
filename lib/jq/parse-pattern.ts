/** Destructuring patterns: what follows `as`. */
import type { Ast, Pattern, PatternEntry } from './ast.ts';
import { checkConstantKey, parseTemplate } from './parse-template.ts';
import type { TokenReader } from './token-reader.ts';

/** One or more patterns, split by `?//`. */
export function parsePatterns(reader: TokenReader): Pattern[] {
  const patterns = [parsePattern(reader)];
  while (reader.acceptSymbol('?//')) patterns.push(parsePattern(reader));
  return patterns;
}

function parsePattern(reader: TokenReader): Pattern {
  return reader.nested(() => {
    if (reader.acceptSymbol('[')) {
      const items: Pattern[] = [];
      do items.push(parsePattern(reader));
      while (reader.acceptSymbol(','));
      reader.expectSymbol(']');
      return { kind: 'array', items };
    }
    if (reader.acceptSymbol('{')) {
      const entries: PatternEntry[] = [];
      do entries.push(parseEntry(reader));
      while (reader.acceptSymbol(','));
      reader.expectSymbol('}');
      return { kind: 'object', entries };
    }
    return { kind: 'variable', name: reader.expectName('variable', "a variable, '[' or '{'") };
  });
}

function parseEntry(reader: TokenReader): PatternEntry {
  const token = reader.current;
  if (token.kind === 'variable') {
    reader.advance();
    const value = reader.acceptSymbol(':') ? parsePattern(reader) : null;
    return { key: { kind: 'literal', value: token.text }, name: token.text, value };
  }
  const key = parseKey(reader);
  reader.expectSymbol(':');
  return { key, name: null, value: parsePattern(reader) };
}

function parseKey(reader: TokenReader): Ast {
  const token = reader.current;
  if (token.kind === 'name' || token.kind === 'keyword') {
    reader.advance();
    return { kind: 'literal', value: token.text };
  }
  if (reader.acceptSymbol('(')) {
    const key = reader.query();
    reader.expectSymbol(')');
    checkConstantKey(reader, key, token.start);
    return key;
  }
  const template = parseTemplate(reader);
  if (template === null) throw reader.unexpected('an object key');
  return template;
}
