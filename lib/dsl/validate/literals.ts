/** Literal text that its author may have meant as an expression (dsl.md: only a whole text is one). */

const MAX_LENGTH = 1000;

/**
 * The one expression that text with `${ }` inside was meant to be: `Hello ${ .x }` gives `${ "Hello \(.x)" }`.
 * Null when nothing in the text looks like an expression.
 */
export function embeddedRewrite(text: string): string | null {
  if (text.length > MAX_LENGTH) return null;
  let rewritten = '';
  let found = false;
  let start = 0;
  for (;;) {
    const open = text.indexOf('${', start);
    const close = open === -1 ? -1 : closingBrace(text, open + 2);
    if (close === -1) break;
    rewritten += `${escaped(text.slice(start, open))}\\(${text.slice(open + 2, close).trim()})`;
    found ||= close > open + 2;
    start = close + 1;
  }
  return found ? `\`\${ "${rewritten}${escaped(text.slice(start))}" }\`` : null;
}

/** Whether a text begins as paths and variables do: `.name`, `.[0]`, `$context`. */
export function looksLikeExpression(text: string): boolean {
  return text.length <= MAX_LENGTH && /^\s*(?:\.[A-Za-z_["]|\$[A-Za-z_])/.test(text);
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Index of the brace that closes an expression which begins at `start`, or -1. Braces in strings do not count. */
function closingBrace(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (inString && char === '\\') i++;
    else if (char === '"') inString = !inString;
    else if (!inString && char === '{') depth++;
    else if (!inString && char === '}' && depth-- === 0) return i;
  }
  return -1;
}
