import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { expandUriTemplate, parseUriTemplate } from '../../../lib/tasks/uri-template.ts';

const expand = (text: string, data: Json): string => {
  const parsed = parseUriTemplate(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  const expanded = expandUriTemplate(parsed.template, data);
  if (!expanded.ok) throw new Error(expanded.problem);
  return expanded.uri;
};
const parseProblem = (text: string): string => {
  const parsed = parseUriTemplate(text);
  return parsed.ok ? 'accepted' : parsed.problem;
};

describe('RFC 6570 examples, levels 1 to 3 and prefix modifiers (section 1.2, 2.4.1, 3.2)', () => {
  const data: Json = {
    var: 'value',
    hello: 'Hello World!',
    half: '50%',
    base: 'http://example.com/home/',
    path: '/foo/bar',
    who: 'fred',
    dub: 'me/too',
    v: '6',
    x: '1024',
    y: '768',
    empty: '',
    undef: null,
    semi: ';',
  };
  it.each([
    // Level 1
    ['{var}', 'value'],
    ['{hello}', 'Hello%20World%21'],
    ['{half}', '50%25'],
    ['O{empty}X', 'OX'],
    ['O{undef}X', 'OX'],
    // Level 2
    ['{+var}', 'value'],
    ['{+hello}', 'Hello%20World!'],
    ['{+half}', '50%25'],
    ['{base}index', 'http%3A%2F%2Fexample.com%2Fhome%2Findex'],
    ['{+base}index', 'http://example.com/home/index'],
    ['O{+empty}X', 'OX'],
    ['O{+undef}X', 'OX'],
    ['{+path}/here', '/foo/bar/here'],
    ['here?ref={+path}', 'here?ref=/foo/bar'],
    ['up{+path}{var}/here', 'up/foo/barvalue/here'],
    ['X{#var}', 'X#value'],
    ['X{#hello}', 'X#Hello%20World!'],
    // Level 3
    ['map?{x,y}', 'map?1024,768'],
    ['{x,hello,y}', '1024,Hello%20World%21,768'],
    ['?{x,empty}', '?1024,'],
    ['?{x,undef}', '?1024'],
    ['?{undef,y}', '?768'],
    ['{+x,hello,y}', '1024,Hello%20World!,768'],
    ['{+path,x}/here', '/foo/bar,1024/here'],
    ['{#x,hello,y}', '#1024,Hello%20World!,768'],
    ['{#path,x}/here', '#/foo/bar,1024/here'],
    ['foo{#empty}', 'foo#'],
    ['foo{#undef}', 'foo'],
    ['X{.var}', 'X.value'],
    ['X{.x,y}', 'X.1024.768'],
    ['X{.empty}', 'X.'],
    ['X{.undef}', 'X'],
    ['{/var}', '/value'],
    ['{/var,x}/here', '/value/1024/here'],
    ['{/half,who}', '/50%25/fred'],
    ['{/who,dub}', '/fred/me%2Ftoo'],
    ['{/var,empty}', '/value/'],
    ['{/var,undef}', '/value'],
    ['{;x,y}', ';x=1024;y=768'],
    ['{;x,y,empty}', ';x=1024;y=768;empty'],
    ['{;x,y,undef}', ';x=1024;y=768'],
    ['{;v,empty,who}', ';v=6;empty;who=fred'],
    ['{?x,y}', '?x=1024&y=768'],
    ['{?x,y,empty}', '?x=1024&y=768&empty='],
    ['{?x,y,undef}', '?x=1024&y=768'],
    ['?fixed=yes{&x}', '?fixed=yes&x=1024'],
    ['{&x,y,empty}', '&x=1024&y=768&empty='],
    // Prefix modifiers
    ['{var:3}', 'val'],
    ['{var:30}', 'value'],
    ['{semi:2}', '%3B'],
    ['{+path:6}/here', '/foo/b/here'],
    ['{#path:6}/here', '#/foo/b/here'],
    ['X{.var:3}', 'X.val'],
    ['{/var:1,var}', '/v/value'],
    ['{;hello:5}', ';hello=Hello'],
    ['{?var:3}', '?var=val'],
    ['{&var:3}', '&var=val'],
  ])('%s expands to %s', (template, uri) => {
    expect(expand(template, data)).toBe(uri);
  });
});

describe('values', () => {
  it('takes numbers and booleans, and treats * as nothing for a scalar', () => {
    expect(expand('/{id}/{ok}{?n*}', { id: 10, ok: false, n: 1.5 })).toBe('/10/false?n=1.5');
  });

  it('keeps percent-encoded triplets of literals and of reserved values only', () => {
    expect(expand('/a%20b ü%/{+v}/{v}', { v: 'x%2Fy%' })).toBe('/a%20b%20%C3%BC%25/x%2Fy%25/x%252Fy%25');
  });

  it('counts prefixes in characters, never half a surrogate pair or triplet', () => {
    expect(expand('{v:1}', { v: '😀x' })).toBe('%F0%9F%98%80');
    expect(expand('{+v:2}', { v: 'a%20b' })).toBe('a%20');
  });

  it('keeps the brackets of an IPv6 host', () => {
    expect(expand('http://[::1]:80/{id}', { id: 1 })).toBe('http://[::1]:80/1');
  });

  it.each([[null], ['text'], [7], [['a']]])('expands nothing from data that is not an object: %j', (data) => {
    expect(expand('/a{/length}{?x}', data)).toBe('/a');
  });

  it('reads own properties only', () => {
    expect(expand('/{constructor}{__proto__}{toString}', {})).toBe('/');
  });

  it.each([
    [{ a: [1] }, 'the value of {a} is an array; a URI template takes text, numbers and booleans'],
    [{ a: {} }, 'the value of {a} is an object; a URI template takes text, numbers and booleans'],
    [{ a: '\ud800' }, 'the value of {a} has a lone surrogate, which no URI can hold'],
  ])('refuses %j', (data, problem) => {
    const parsed = parseUriTemplate('/{a}');
    expect(parsed.ok && expandUriTemplate(parsed.template, data)).toEqual({ ok: false, problem });
  });

  it('encodes NUL instead of failing', () => {
    expect(expand('/{a}', { a: '\u0000' })).toBe('/%00');
  });
});

describe('problems of a template name the place, counted from 1', () => {
  it.each([
    ['/a/{id', '"{" at character 4 is not closed'],
    ['/a}/b', '"}" at character 3 closes nothing'],
    ['/{}', '"{}" at character 2 names no variable'],
    ['/{?}', '"{?}" at character 2 names no variable'],
    ['/{=id}', '"=id" at character 3 is not a variable'],
    ['/{a,b c}', '"b c" at character 5 is not a variable'],
    ['/{a,}', '"" at character 5 is not a variable'],
    ['/{a:0}', '"a:0" at character 3 is not a variable'],
    ['/{a:10000}', '"a:10000" at character 3 is not a variable'],
    ['/{a{b}}', '"a{b" at character 3 is not a variable'],
    ['/\ud800', 'the text after character 0 has a lone surrogate'],
  ])('%j', (template, problem) => {
    expect(parseProblem(template)).toContain(problem);
  });

  it('hints at the expression form when ${ } stands inside the text', () => {
    expect(parseProblem('http://h/${ .id }')).toContain('an expression must be the whole text: ${ … }');
  });
});

describe('large data', () => {
  const long = 'é'.repeat(1_000_000);

  it('is refused before it is encoded, however often the template names it', () => {
    const parsed = parseUriTemplate('http://h/' + '{+a}'.repeat(5000));
    const startedAt = performance.now();
    expect(parsed.ok && expandUriTemplate(parsed.template, { a: long })).toEqual({
      ok: false,
      problem: 'the URI is longer than 16384 characters',
    });
    expect(parsed.ok && expandUriTemplate(parsed.template, { a: 'x'.repeat(10_000) }).ok).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('may be cut by the template', () => {
    expect(expand('/{a:2}{+b:2}', { a: long, b: `%C3%A9${long}` })).toBe('/%C3%A9%C3%A9%C3%A9');
    expect(expand('/{a:1}', { a: '😀😀😀😀' })).toBe('/%F0%9F%98%80');
  });
});
