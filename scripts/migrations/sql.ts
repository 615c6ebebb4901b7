/** A migration's text as statements: enough of Postgres's lexical rules (manual, section 4.1) to find their ends. */

export interface Statement {
  /** Words in lower case and quoted names without quotes, one space between; strings are `''`. */
  text: string;
  /** Line of its first token in the file, counted from 1. */
  line: number;
  /** Where its first token begins and its last one ends in the file, in characters. */
  start: number;
  end: number;
  /** Comments between the statement before and its end, without their marks. */
  comments: string[];
}

/** What a token can be, in the order in which they are tried. Each is sticky: it matches at the position. */
const COMMENT = /--([^\n]*)/y;
const DOLLAR_STRING = /\$([A-Za-z_][A-Za-z0-9_]*)?\$[\s\S]*?\$\1\$/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y;
const STRING = /'(?:[^']|'')*'/y;
const NAME = /"((?:[^"]|"")*)"/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const SPACE = /\s+/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Position after the block comment that begins at `at`; they nest. */
function blockEnd(text: string, at: number): number {
  let depth = 0;
  for (let position = at; position < text.length; position += 1) {
    const pair = text.slice(position, position + 2);
    if (pair === '/*') depth += 1;
    else if (pair === '*/') depth -= 1;
    else continue;
    position += 1;
    if (depth === 0) return position + 1;
  }
  return text.length;
}

interface Token {
  kind: 'space' | 'comment' | 'text';
  /** As it goes into `Statement.text`, or the comment's text. */
  value: string;
  end: number;
}

function nextToken(text: string, at: number): Token {
  const space = match(SPACE, text, at);
  if (space) return { kind: 'space', value: '', end: at + space[0].length };
  const comment = match(COMMENT, text, at);
  if (comment) return { kind: 'comment', value: (comment[1] ?? '').trim(), end: at + comment[0].length };
  if (text.startsWith('/*', at)) {
    const end = blockEnd(text, at);
    return { kind: 'comment', value: text.slice(at + 2, end - 2).trim(), end };
  }
  const string = match(DOLLAR_STRING, text, at) ?? match(ESCAPE_STRING, text, at) ?? match(STRING, text, at);
  if (string) return { kind: 'text', value: "''", end: at + string[0].length };
  const name = match(NAME, text, at);
  if (name) return { kind: 'text', value: name[1] ?? '', end: at + name[0].length };
  const word = match(WORD, text, at) ?? match(NUMBER, text, at);
  if (word) return { kind: 'text', value: word[0].toLowerCase(), end: at + word[0].length };
  return { kind: 'text', value: text.charAt(at), end: at + 1 };
}

/** The statements of a file in order. Statements inside a `BEGIN ATOMIC` body count one by one. */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let values: string[] = [];
  let comments: string[] = [];
  let line = 1;
  const position = { line: 0, start: 0, end: 0 };
  const finish = (): void => {
    // A name with its schema is one word; everything lives in the schema that search_path names.
    const sql = values
      .join(' ')
      .replaceAll(' . ', '.')
      .replace(/\bpublic\./g, '');
    if (values.length > 0) statements.push({ text: sql, ...position, comments });
    values = [];
    comments = [];
  };
  for (let at = 0; at < text.length;) {
    const token = nextToken(text, at);
    if (token.kind === 'comment') comments.push(token.value);
    else if (token.kind === 'text' && token.value === ';') finish();
    else if (token.kind === 'text') {
      if (values.length === 0) Object.assign(position, { line, start: at });
      position.end = token.end;
      values.push(token.value);
    }
    line += text.slice(at, token.end).split('\n').length - 1;
    at = token.end;
  }
  finish();
  return statements;
}

/** The parts of `text` between commas that are in no bracket. */
export function splitAtCommas(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(' || character === '[') depth += 1;
    if (character === ')' || character === ']') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts.map((part) => part.trim());
}
