import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, parseJsonText } from '../../lib/json.ts';

const LIMITS = { maxDepth: 200 };

function messageOf(text: string, maxDepth = 200): string {
  const parsed = parseJsonText(text, { maxDepth });
  return parsed.ok ? `accepted as ${JSON.stringify(parsed.value)}` : parsed.message;
}

/** What JSON.parse says, and that a refusal has a position. */
function byJsonParse(text: string): unknown {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, positioned: true };
  }
}

describe('parseJsonText', () => {
  it('accepts exactly what JSON.parse accepts, with the same value, and else names a position', () => {
    const piece = fc.constantFrom(...Array.from('{}[]",:\\ \n\t0123456789.eE+-truefalsn/u'));
    const anyText = fc.oneof(
      fc.json(),
      fc.string({ unit: piece }),
      fc.json().chain((text) => fc.nat(text.length).map((cut) => text.slice(0, cut))),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseJsonText(text, LIMITS);
        // Numbers out of range are the one thing that JSON.parse accepts and this does not.
        fc.pre(parsed.ok || !parsed.message.includes('out of range'));
        const positioned = !parsed.ok && /^line \d+, column \d+: ./.test(parsed.message);
        expect(parsed.ok ? parsed : { ok: false, positioned }).toStrictEqual(byJsonParse(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['', 'line 1, column 1: the text is empty; expected a JSON value'],
    ['{"a": 1,\n  "b": }', 'line 2, column 8: "}" is not a JSON value'],
    ['[1, 2,]', 'line 1, column 7: expected a value but found "]"; remove the comma before it'],
    ['{"a":1,}', 'line 1, column 8: expected a property name but found "}"; remove the comma before it'],
    [
      '{a: 1}',
      'line 1, column 2: expected a property name or "}" but found "a"; property names stand in double quotes',
    ],
    ["['a']", "line 1, column 2: strings stand in double quotes, not in single quotes (')"],
    ['{"a" 1}', 'line 1, column 6: expected ":" after the property name but found "1"'],
    ['{"a":1 "b":2}', 'line 1, column 8: expected "," or "}" but found "\\""'],
    ['[1', 'line 1, column 3: the text ends too early; expected "," or "]"'],
    ['{"a":', 'line 1, column 6: the text ends too early; expected a value'],
    ['{"a', 'line 1, column 2: the string that begins here has no closing quote'],
    ['"a\nb"', 'line 1, column 3: a string cannot hold U+000A as it is; write it as an escape'],
    [String.raw`"\x41"`, String.raw`line 1, column 2: "\x" is not a JSON escape`],
    [String.raw`"\u12"`, String.raw`line 1, column 2: expected four hexadecimal digits after "\u"`],
    ['[01]', 'line 1, column 2: "01" is not a JSON number'],
    ['[NaN]', 'line 1, column 2: "NaN" is not a JSON value'],
    ['// hello\n{}', 'line 1, column 1: JSON has no comments'],
    ['{} {}', 'line 1, column 4: unexpected "{" after the JSON value'],
    ['\u0000', 'line 1, column 1: U+0000 is not a JSON value'],
  ])('says where %j is broken and what was expected', (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it('refuses a number that no double can hold, which could not be written again', () => {
    expect(messageOf('[1e308]')).toBe('accepted as [1e+308]');
    expect(messageOf('[1,\n -1e999]')).toBe(
      'line 2, column 3: the number is out of range; the largest is 1.7976931348623157e308',
    );
    expect(messageOf(`["1e999", ${'9'.repeat(400)}]`)).toContain(
      'line 1, column 11: the number is out of range',
    );
  });

  it('accepts nesting up to the limit, and says where it goes beyond', () => {
    expect(messageOf('[[{"a":[]}]]', 4)).toContain('accepted');
    expect(messageOf('[[{"a":\n[]}]]', 3)).toBe('line 2, column 1: nested deeper than 3 levels');
    expect(messageOf('["[[[[", "\\"[[[["]', 1)).toContain('accepted');
  });

  it.each([
    ['10,000 arrays', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['1 MB of "["', '['.repeat(1 << 20)],
    ['1 MB of objects', '{"a":'.repeat(200_000)],
  ])('answers quickly for %s, without a stack overflow', (_name, text) => {
    const start = performance.now();
    expect(messageOf(text)).toMatch(/nested deeper than 200 levels$/);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('keeps "__proto__" as an ordinary property', () => {
    const parsed = parseJsonText('{"__proto__": {"polluted": true}}', LIMITS);
    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__']);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('decodeUtf8', () => {
  it('reads UTF-8 and drops a byte order mark', () => {
    expect(decodeUtf8(new TextEncoder().encode('\uFEFF{"ä": "😀"}'))).toBe('{"ä": "😀"}');
  });

  it.each([
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong encoding', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a cut-off character', [0x22, 0xe2, 0x82]],
  ])('refuses %s', (_name, bytes) => {
    expect(decodeUtf8(new Uint8Array(bytes))).toBeNull();
  });
});
