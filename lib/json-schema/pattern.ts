/** Regular expressions of schemas, on a linear-time engine (RE2): a tenant wrote the pattern, and another the text. */
import { RE2JS } from 're2js';
import type { Meter } from '../jq/limits.ts';
import { searched } from '../jq/regex.ts';
import { excerpt } from './problem.ts';
import { translatePattern } from './pattern-translate.ts';

/** Compiled patterns that are kept in the process; each may hold some megabytes of states. */
const MAX_CACHED = 100;

export interface Pattern {
  /**
   * True when the text has a match anywhere.
   * @throws {JqLimitError}
   */
  test(text: string, meter: Meter): boolean;
}

/** `cost`: about how many instructions the pattern has. */
export type CompiledPattern = { ok: true; pattern: Pattern; cost: number } | { ok: false; message: string };

interface Built {
  expression: RE2JS;
  cost: number;
}

const cache = new Map<string, Built>();

function build(pattern: string): Built | string {
  const known = cache.get(pattern);
  if (known !== undefined) {
    cache.delete(pattern);
    cache.set(pattern, known);
    return known;
  }
  const translated = translatePattern(pattern);
  if (!translated.ok) return translated.message;
  let built: Built;
  try {
    built = { expression: RE2JS.compile(translated.text), cost: translated.cost };
  } catch (error) {
    return excerpt(error instanceof Error ? error.message : 'cannot be read');
  }
  const oldest = cache.keys().next();
  if (cache.size >= MAX_CACHED && oldest.done !== true) cache.delete(oldest.value);
  cache.set(pattern, built);
  return built;
}

/** Compiles a pattern; it is compiled again when it was not used for long. */
export function compilePattern(source: string): CompiledPattern {
  const first = build(source);
  if (typeof first === 'string') {
    return { ok: false, message: `the pattern ${excerpt(source)} cannot be used: ${first}` };
  }
  const test = (text: string, meter: Meter): boolean => {
    const built = build(source);
    // It was compiled before, and compiling depends on nothing else.
    if (typeof built === 'string') throw new Error('a pattern does not compile any more');
    const { expression } = built;
    return expression.test(searched(text, expression.programSize(), meter));
  };
  return { ok: true, pattern: { test }, cost: first.cost };
}
