/**
 * URI templates (RFC 6570) over the top-level properties of a task's input. The value model is the DSL's:
 * scalars only, so lists and maps (RFC level 4) are refused; every operator and the prefix modifier work.
 */
import { member } from '../engine/json.ts';
import type { Json } from '../engine/types.ts';

/** One variable of an expression. `maxLength` counts Unicode characters (RFC 6570, 2.4.1). */
interface Variable {
  name: string;
  maxLength?: number;
}

interface Expression {
  operator: Operator;
  variables: Variable[];
}

/** A parsed template: literal text, already percent-encoded, and expressions. */
export interface UriTemplate {
  parts: (string | Expression)[];
}

/** How an operator expands (RFC 6570, appendix A). */
interface Operator {
  first: string;
  separator: string;
  named: boolean;
  /** What follows the name of an empty value. */
  ifEmpty: string;
  /** Reserved characters and percent-encoded triplets are kept. */
  reserved: boolean;
}

type Parsed = { ok: true; template: UriTemplate } | { ok: false; problem: string };
type Expanded = { ok: true; uri: string } | { ok: false; problem: string };

const SIMPLE: Operator = { first: '', separator: ',', named: false, ifEmpty: '', reserved: false };
const OPERATORS = new Map<string, Operator>([
  ['+', { first: '', separator: ',', named: false, ifEmpty: '', reserved: true }],
  ['#', { first: '#', separator: ',', named: false, ifEmpty: '', reserved: true }],
  ['.', { first: '.', separator: '.', named: false, ifEmpty: '', reserved: false }],
  ['/', { first: '/', separator: '/', named: false, ifEmpty: '', reserved: false }],
  [';', { first: ';', separator: ';', named: true, ifEmpty: '', reserved: false }],
  ['?', { first: '?', separator: '&', named: true, ifEmpty: '=', reserved: false }],
  ['&', { first: '&', separator: '&', named: true, ifEmpty: '=', reserved: false }],
]);

/** varname, then `:` max-length or `*` (RFC 6570, 2.3 and 2.4). `*` changes nothing for a scalar. */
const VARIABLE =
  /^(?<name>(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*)(?::(?<length>[1-9]\d{0,3})|\*)?$/;

/** One character, or one percent-encoded triplet, which is never split. */
const TRIPLET_OR_CHARACTER = /%[0-9A-Fa-f]{2}|./gsu;

/** No call takes a longer URL. Data can be large, and a template may repeat it as often as it likes. */
const MAX_URI_LENGTH = 16_384;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Parses a URI template once, so that it can be expanded often.
 * @param text the template, for example `https://example.org/pets/{petId}{?verbose}`
 * @returns the template, or what is wrong and at which character (counted from 1)
 */
export function parseUriTemplate(text: string): Parsed {
  const parts: (string | Expression)[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    const literal = text.slice(at, open === -1 ? text.length : open);
    const problem = literalProblem(literal, at);
    if (problem !== null) return { ok: false, problem };
    if (literal !== '') parts.push(encodeReserved(literal));
    if (open === -1) break;
    const close = text.indexOf('}', open);
    if (close === -1) return { ok: false, problem: `"{" at character ${open + 1} is not closed` };
    const expression = parseExpression(text.slice(open + 1, close), open);
    if (typeof expression === 'string') {
      const hint = text[open - 1] === '$' ? '; an expression must be the whole text: ${ … }' : '';
      return { ok: false, problem: expression + hint };
    }
    parts.push(expression);
    at = close + 1;
  }
  return { ok: true, template: { parts } };
}

/**
 * Expands a template with the top-level properties of `data`. A property that is missing or null, and any
 * property of data that is not an object, is left out (RFC 6570, 3.2.1).
 * @returns the URI reference, or which variable cannot stand in a URI and why
 */
export function expandUriTemplate(template: UriTemplate, data: Json): Expanded {
  let uri = '';
  for (const part of template.parts) {
    if (uri.length > MAX_URI_LENGTH) return tooLong();
    if (typeof part === 'string') {
      uri += part;
      continue;
    }
    const values: string[] = [];
    for (const variable of part.variables) {
      const value = member(data, variable.name);
      if (value === undefined || value === null) continue;
      if (typeof value === 'object') {
        const kind = Array.isArray(value) ? 'an array' : 'an object';
        const problem = `the value of {${variable.name}} is ${kind}; a URI template takes text, numbers and booleans`;
        return { ok: false, problem };
      }
      const content = contentOf(value, variable);
      if (content.length > MAX_URI_LENGTH) return tooLong();
      if (LONE_SURROGATE.test(content)) {
        return {
          ok: false,
          problem: `the value of {${variable.name}} has a lone surrogate, which no URI can hold`,
        };
      }
      values.push(expandVariable(part.operator, variable, content));
    }
    if (values.length > 0) uri += part.operator.first + values.join(part.operator.separator);
  }
  return { ok: true, uri };
}

const tooLong = (): Expanded => ({
  ok: false,
  problem: `the URI is longer than ${MAX_URI_LENGTH} characters`,
});

/** The text of a value, without what `:length` cuts off in any case: a character has two units, a triplet three. */
function contentOf(value: string | number | boolean, { maxLength }: Variable): string {
  const text = String(value);
  const units = maxLength === undefined ? Infinity : maxLength * 3;
  if (text.length <= units) return text;
  return text.slice(0, units).replace(/[\uD800-\uDBFF]$/, '');
}

function literalProblem(literal: string, offset: number): string | null {
  const close = literal.indexOf('}');
  if (close !== -1) return `"}" at character ${offset + close + 1} closes nothing`;
  return LONE_SURROGATE.test(literal) ? `the text after character ${offset} has a lone surrogate` : null;
}

/** The inside of `{…}`; a string is the problem. `open` is the index of the brace. */
function parseExpression(inside: string, open: number): Expression | string {
  const operator = OPERATORS.get(inside.charAt(0));
  const list = operator === undefined ? inside : inside.slice(1);
  if (list === '') return `"{${inside}}" at character ${open + 1} names no variable`;
  const variables: Variable[] = [];
  let at = open + 1 + (inside.length - list.length);
  for (const text of list.split(',')) {
    const match = VARIABLE.exec(text);
    const name = match?.groups?.['name'];
    if (name === undefined) {
      return `${JSON.stringify(text)} at character ${at + 1} is not a variable (letters, digits, "_", "."; RFC 6570)`;
    }
    const length = match?.groups?.['length'];
    variables.push(length === undefined ? { name } : { name, maxLength: Number(length) });
    at += text.length + 1;
  }
  return { operator: operator ?? SIMPLE, variables };
}

function expandVariable(operator: Operator, variable: Variable, content: string): string {
  const text =
    variable.maxLength === undefined ? content : prefix(content, variable.maxLength, operator.reserved);
  const encoded = operator.reserved ? encodeReserved(text) : encodeUnreserved(text);
  if (!operator.named) return encoded;
  return variable.name + (text === '' ? operator.ifEmpty : `=${encoded}`);
}

/** The first characters of a value; a triplet that will be kept counts as one. */
function prefix(content: string, maxLength: number, keepTriplets: boolean): string {
  const characters = keepTriplets ? (content.match(TRIPLET_OR_CHARACTER) ?? []) : Array.from(content);
  return characters.slice(0, maxLength).join('');
}

/** Encodes all but unreserved characters (RFC 3986, 2.3). */
function encodeUnreserved(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encodes all but unreserved and reserved characters and percent-encoded triplets. */
function encodeReserved(text: string): string {
  return text.replace(TRIPLET_OR_CHARACTER, (c) => {
    if (c.length === 3) return c;
    return c === '[' || c === ']' ? c : encodeURI(c);
  });
}
