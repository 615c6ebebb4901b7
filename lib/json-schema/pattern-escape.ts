/** Escapes of ECMA-262 regular expressions (22.2.1, with the `u` flag), as RE2 writes them. */

export type Escape = { ok: true; text: string; next: number } | { ok: false; message: string };

const fail = (message: string): Escape => ({ ok: false, message });

/** White space of ECMA-262, which is more than RE2's `\s`, and its complement. */
const SPACE =
  '\\t\\n\\x0b\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACE =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}' +
  '\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';

/** General categories by their long names (Unicode, PropertyValueAliases); RE2 knows the short ones. */
const CATEGORIES: ReadonlyMap<string, string> = new Map(
  (
    'Letter L,Cased_Letter LC,Uppercase_Letter Lu,Lowercase_Letter Ll,Titlecase_Letter Lt,Modifier_Letter Lm,' +
    'Other_Letter Lo,Mark M,Combining_Mark M,Nonspacing_Mark Mn,Spacing_Mark Mc,Enclosing_Mark Me,Number N,' +
    'Decimal_Number Nd,digit Nd,Letter_Number Nl,Other_Number No,Punctuation P,punct P,Connector_Punctuation Pc,' +
    'Dash_Punctuation Pd,Open_Punctuation Ps,Close_Punctuation Pe,Initial_Punctuation Pi,Final_Punctuation Pf,' +
    'Other_Punctuation Po,Symbol S,Math_Symbol Sm,Currency_Symbol Sc,Modifier_Symbol Sk,Other_Symbol So,' +
    'Separator Z,Space_Separator Zs,Line_Separator Zl,Paragraph_Separator Zp,Other C,Control Cc,Format Cf'
  )
    .split(',')
    .map((pair): [string, string] => {
      const [long = '', short = ''] = pair.split(' ');
      return [long, short];
    }),
);

const point = (code: number): string => `\\x{${code.toString(16)}}`;

function property(pattern: string, at: number): Escape {
  const found = /^([pP])\{(?:(?:Script|sc|Script_Extensions|scx|General_Category|gc)=)?(\w+)\}/.exec(
    pattern.slice(at, at + 100),
  );
  const [whole = '', letter = '', name = ''] = found ?? [];
  if (found === null) return fail(`\\${pattern.charAt(at)} must be followed by a property such as {L}`);
  return { ok: true, text: `\\${letter}{${CATEGORIES.get(name) ?? name}}`, next: at + whole.length };
}

/** `\u1234`, a pair of them, `\u{12345}`, `\x12`. */
function codePoint(pattern: string, at: number): Escape {
  const rest = pattern.slice(at, at + 12);
  const pair = /^u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/i.exec(rest);
  if (pair !== null) {
    const text = String.fromCharCode(parseInt(pair[1] ?? '', 16), parseInt(pair[2] ?? '', 16));
    return { ok: true, text: point(text.codePointAt(0) ?? 0), next: at + pair[0].length };
  }
  const single = /^(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2}))/i.exec(rest);
  if (single === null) return fail(`\\${rest.charAt(0)} must be followed by hexadecimal digits`);
  const code = parseInt(single[1] ?? single[2] ?? single[3] ?? '', 16);
  return { ok: true, text: point(code), next: at + single[0].length };
}

/**
 * Translates one escape.
 * @param at where the character behind the backslash stands
 */
export function translateEscape(pattern: string, at: number, inClass: boolean): Escape {
  const letter = String.fromCodePoint(pattern.codePointAt(at) ?? 0x5c);
  const next = at + letter.length;
  const done = (text: string, end = next): Escape => ({ ok: true, text, next: end });
  if (at >= pattern.length) return fail('ends with a backslash');
  if ('dDwWtnrfv'.includes(letter)) return done(`\\${letter}`);
  if (letter === 's') return done(inClass ? SPACE : `[${SPACE}]`);
  if (letter === 'S') return done(inClass ? NO_SPACE : `[${NO_SPACE}]`);
  if (letter === 'b') return done(inClass ? point(8) : '\\b');
  if (letter === 'B' && !inClass) return done('\\B');
  if (letter === 'p' || letter === 'P') return property(pattern, at);
  if (letter === 'u' || letter === 'x') return codePoint(pattern, at);
  if (letter === '0' && !/\d/.test(pattern.charAt(next))) return done(point(0));
  if (letter === 'c' && /[a-z]/i.test(pattern.charAt(next))) {
    return done(point(pattern.charCodeAt(next) % 32), next + 1);
  }
  if (/[1-9k]/.test(letter))
    return fail('back-references are not supported: patterns run in linear time (RE2)');
  if (/[A-Za-z0-9]/.test(letter)) return fail(`\\${letter} is no escape of ECMA-262`);
  return done(letter < '\x80' ? `\\${letter}` : letter);
}
