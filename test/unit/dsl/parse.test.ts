import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../lib/dsl/parse.ts';

const LIMITS = { maxBytes: 256 << 10 };

/** The value, or "CODE message". */
function parse(text: string | Uint8Array, kind: 'json' | 'yaml' = 'yaml', limits = LIMITS): unknown {
  const parsed = parseDefinition(text, kind, limits);
  return parsed.ok ? parsed.definition : `${parsed.code} ${parsed.message}`;
}

describe('YAML is 1.2 core and nothing more', () => {
  it('keeps `on`, `yes`, dates and sexagesimals as text', () => {
    expect(parse('on: yes\ndate: 2026-07-29\ntime: 12:30:45\nno: off\n')).toEqual({
      on: 'yes',
      date: '2026-07-29',
      time: '12:30:45',
      no: 'off',
    });
  });

  it('reads core scalars', () => {
    expect(parse('[1, -2.5, 1e3, 0x1F, 0o17, true, null, ~, "1", !!str 1]')).toEqual([
      1,
      -2.5,
      1000,
      31,
      15,
      true,
      null,
      null,
      '1',
      '1',
    ]);
  });

  it('reads JSON, which is YAML', () => {
    expect(parse('{"a": [1, {"b": null}]}')).toEqual({ a: [1, { b: null }] });
  });

  it('accepts a byte order mark, and gives the source without it', () => {
    const text = '\uFEFFa: 1\n';
    expect(parseDefinition(new TextEncoder().encode(text), 'yaml', LIMITS)).toEqual({
      ok: true,
      definition: { a: 1 },
      source: 'a: 1\n',
    });
    expect(parse(text)).toEqual({ a: 1 });
    expect(parse('\uFEFF{}', 'json')).toEqual({});
  });

  it.each([
    ['a tag of its own', 'a: !foo b', /^INVALID_YAML line 1, column 4: Unresolved tag: !foo; only the tags/],
    ['a timestamp tag', 'a: !!timestamp 2020-01-01', /column 4: Unresolved tag/],
    ['a binary tag', 'a: !!binary aGk=', /column 4: Unresolved tag/],
    ['a set', 'a: !!set {x}', /column 4: Unresolved tag/],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes', /line 1, column 1: only the directive "%YAML 1.2" is accepted/],
    ['a tag directive', '%TAG ! tag:example.com,2000:\n---\na: !b c', /line 1, column 1: only the directive/],
    [
      'a merge key',
      'a: &x {b: 1}\nc:\n  <<: *x',
      /line 3, column 3: merge keys \(<<\) are not part of YAML 1.2/,
    ],
    ['infinity', 'a: .inf', /line 1, column 4: ".inf" is not a finite number/],
    ['not a number', 'a: .NaN', /line 1, column 4: ".NaN" is not a finite number/],
    ['a number out of range', 'a: 1e999', /line 1, column 4: "1e999" is not a finite number/],
    [
      'a numeric key',
      'a:\n  1: b',
      /line 2, column 3: the key "1" is a number; a text is needed: write it as "1"/,
    ],
    ['a boolean key', 'true: b', /the key "true" is a boolean/],
    ['a null key', '~: b', /the key "~" is null/],
    ['an absent key', ': b', /line 1, column 1: a key is missing before ":"/],
    ['a mapping as key', '? {a: 1}\n: b', /line 1, column 3: a key must be a text, not a list or a mapping/],
    ['an alias as key', 'a: &x b\n*x : c', /line 2, column 1: a key must be a text, not an alias/],
    [
      'a duplicate key',
      'a: 1\nb:\n  c: 1\n  "c": 2',
      /line 4, column 3: the key "c" stands twice in one mapping/,
    ],
    ['two documents', 'a: 1\n---\nb: 2', /line 2, column 1: a second document begins here/],
    ['nothing', '# just a comment\n', /the text is empty/],
  ])('refuses %s, saying where', (_name, text, message) => {
    expect(parse(text)).toMatch(message);
  });

  it.each([
    ['a: b: c', /line 1, column 4: .*quote a value that contains ": "/],
    ['a: ${ {x: .y} }', /line 1, column 4: .*quote a value that contains ": "/],
    ['a:\n\tb: 1', /line 2, column 1: .*indent with spaces/],
    ['a: "b', /line 1, column 6: Missing closing "quote/],
    ['a: [1, 2', /line 1, column 9: .*check the indentation and the closing brackets/],
    ['a: @b', /line 1, column 4: .*quote the value/],
    ['a: 1\n}', /line 2, column 1: /],
  ])('says what would be right for %j', (text, message) => {
    expect(parse(text)).toMatch(message);
  });

  it('keeps "__proto__" as an ordinary property', () => {
    const value = parse('__proto__: {polluted: true}') as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe('aliases are bounded', () => {
  it('resolves an alias to the last anchor before it, each time as a copy of its own', () => {
    const value = parse('a: &x [1]\nb: &y {z: *x}\nc: &x 2\nd: *y\ne: *x\n');
    expect(value).toEqual({ a: [1], b: { z: [1] }, c: 2, d: { z: [1] }, e: 2 });
    const { a, b } = value as { a: unknown; b: { z: unknown } };
    expect(a).not.toBe(b.z);
  });

  it.each([
    ['without an anchor', 'a: *x', /line 1, column 4: the alias "x" has no anchor/],
    ['inside its own anchor', 'a: &x [*x]', /line 1, column 8: the alias "x" stands inside its own anchor/],
  ])('refuses an alias %s', (_name, text, message) => {
    expect(parse(text)).toMatch(message);
  });

  it.each([
    [
      'a billion laughs',
      Array.from(
        { length: 30 },
        (_, i) =>
          `a${i}: &a${i} [${Array(9)
            .fill(i === 0 ? 'x' : `*a${i - 1}`)
            .join(',')}]`,
      ).join('\n'),
      /the aliases stand for too much text/,
    ],
    ['one big text many times', `a: &a ${'x'.repeat(100_000)}\nb: [*a, *a, *a]`, /too much text/],
    [
      'nesting by aliases',
      Array.from({ length: 300 }, (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1}`}]`).join('\n'),
      /nested deeper than 200 levels/,
    ],
  ])('refuses %s quickly', (_name, text, message) => {
    const start = performance.now();
    expect(parse(text)).toMatch(message);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('hostile texts', () => {
  it.each(['json', 'yaml'] as const)('accepts 200 levels of %s and no more', (kind) => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(typeof parse(nested(200), kind)).toBe('object');
    expect(parse(nested(201), kind)).toMatch(
      /^INVALID_\w+ line 1, column 201: nested deeper than 200 levels$/,
    );
    expect(parse(nested(10_000), kind)).toMatch(/nested deeper than 200 levels$/);
  });

  it.each(['[', '{', '{a: ', '- ', '? ', ': ', 'a: ', '[{'])('bounds nesting by %j', (piece) => {
    expect(parse(piece.repeat(Math.floor((256 << 10) / piece.length)))).toMatch(
      /nested deeper than 200 levels$/,
    );
  });

  it.each(['"', '&a ', '*a ', '!a ', '- "\n', '- [\n', '\n:', ',', '%YAML 1.2\n', '# \n', 'a:\n'])(
    'answers for 256 KiB of %j in bounded time with a short message',
    (piece) => {
      const start = performance.now();
      const answer = parse(piece.repeat(Math.floor((256 << 10) / piece.length)));
      expect(performance.now() - start).toBeLessThan(3000);
      expect(answer).toMatch(/^INVALID_YAML .{10,400}$/);
    },
  );

  it.each([
    ['json', '{"a": "\uFFFD"}', /^INVALID_JSON the text is not valid UTF-8$/],
    ['yaml', 'a: \uFFFD', /^INVALID_YAML the text is not valid UTF-8$/],
  ] as const)('refuses %s that is not UTF-8', (kind, text, message) => {
    // U+FFFD is three bytes; without its last the text is cut off in the middle of a character.
    const bytes = new TextEncoder().encode(text);
    const broken = bytes.filter((byte) => byte !== 0xbd);
    expect(parse(broken, kind)).toMatch(message);
  });

  it.each([
    ['U+0000', 'a: "x\0"', /line 1, column 6: the character U\+0000 is not allowed/],
    ['a control character', 'a: 1\nb: \x1b[31m', /line 2, column 4: the character U\+001B is not allowed/],
    ['a lone surrogate', 'a: \ud800', /line 1, column 4: the character U\+D800 is not allowed/],
  ])('refuses %s in the source', (_name, text, message) => {
    expect(parse(text)).toMatch(message);
    expect(parse(text, 'json')).toMatch(message);
  });

  it('accepts characters outside the BMP', () => {
    expect(parse('a: 😀')).toEqual({ a: '😀' });
  });

  it('counts bytes, not characters, before it decodes anything', () => {
    expect(parse('"ää"', 'json', { maxBytes: 6 })).toBe('ää');
    expect(parse('"äää"', 'json', { maxBytes: 6 })).toBe(
      'PAYLOAD_TOO_LARGE the definition has 8 bytes; at most 6 are accepted',
    );
    expect(parse(new Uint8Array(10 << 20), 'yaml')).toMatch(/^PAYLOAD_TOO_LARGE/);
  });

  it('gives the fault of broken JSON with line and column', () => {
    expect(parse('{"do": [\n  {"a": 1},\n]}', 'json')).toBe(
      'INVALID_JSON line 3, column 1: expected a value but found "]"; remove the comma before it',
    );
  });
});
