/** Strings with interpolations, and the rule for constant object keys. */
import type { Ast } from './ast.ts';
import { typeName } from './json.ts';
import { shortText } from './json-text.ts';
import type { TokenReader } from './token-reader.ts';

/** A string, with `@format` in front or not; null when none is next. */
export function parseTemplate(reader: TokenReader): Ast | null {
  const token = reader.current;
  const isFormat = token.kind === 'format';
  if (isFormat) reader.advance();
  const string = reader.current;
  if (string.kind !== 'string') {
    if (isFormat) reader.stepBack();
    return null;
  }
  reader.advance();
  const parts = string.parts.map((part) =>
    typeof part === 'string' ? part : reader.within(part, () => reader.query()),
  );
  const [only = ''] = parts;
  if (parts.length < 2 && typeof only === 'string') return { kind: 'literal', value: only };
  return { kind: 'template', format: isFormat ? token.text : 'text', parts, at: token.start };
}

/** A constant in the place of a key must be a string. */
export function checkConstantKey(reader: TokenReader, key: Ast, at: number): void {
  if (key.kind !== 'literal' || typeof key.value === 'string') return;
  throw reader.error(`Cannot use ${typeName(key.value)} (${shortText(key.value)}) as object key`, at);
}
