/** Generators of jq programs for fuzzing: of the grammar, of soups of tokens, and of inputs to run them on. */
import * as fc from 'fast-check';
import { compile, type Json } from '../../../lib/jq/index.ts';

const [NAMES] = compile('builtins', { variables: [] }).run(null, []);
/** Every builtin as `[name, arity]`. */
const BUILTINS = (Array.isArray(NAMES) ? NAMES : []).map((entry) => {
  const [name = '', arity = '0'] = typeof entry === 'string' ? entry.split('/') : [];
  return { name, arity: Number(arity) };
});

const KEYWORDS =
  'if then elif else end reduce foreach as def label break try catch and or not $__loc__ $input $x . .. .a .[] [ ] { } ( ) | , : ; ? // ?// = |= += -= *= /= %= //= == != < <= > >= + - * / % " \\( 0 1 -1 1e9 0.5 nan null true @base64 @json "x" \'';
const TOKENS = [...KEYWORDS.split(' '), ...BUILTINS.map(({ name }) => name)];

const KEYS = ['a', 'b', '__proto__', 'constructor', 'length', 'é', '😀', '\u0000', '\ud800'];
const STRINGS = [
  ...KEYS,
  '',
  ' ',
  'abc abc',
  '[1,{"a":2}]',
  '{"__proto__":1}',
  '2015-03-05T23:51:47Z',
  '%Y-%m-%dT%H:%M:%SZ',
  '%c%D%j',
  '(a+)+$',
  '(?<a>.)*',
  '[^a]{2,30}',
  '\\w',
  '(',
  'gix',
  'QUJD',
  '%41%',
  'nan',
  '-0',
  '1e1000',
];
const NUMBERS = [
  '0',
  '1',
  '-1',
  '2',
  '3.7',
  '100',
  '1e3',
  '1e9',
  '1e308',
  '5e-324',
  '9007199254740993',
  '-1e9',
];

/** A string literal of jq. */
const quoted = (text: string): string => JSON.stringify(text);

const binary = '| , + - * / % == != < <= > >= and or // = |= += -= *= /= %= //='.split(' ');
const formats = [
  '@text',
  '@json',
  '@csv',
  '@tsv',
  '@html',
  '@uri',
  '@urid',
  '@sh',
  '@base64',
  '@base64d',
  '@base32',
];

/** Programs of jq's grammar; nearly all of them compile. */
export const grammaticalProgram: fc.Arbitrary<string> = fc
  .letrec<{ program: string; leaf: string }>((tie) => {
    const program = tie('program');
    const two = fc.tuple(program, program);
    const three = fc.tuple(program, program, program);
    const key = fc.constantFrom(...KEYS).map(quoted);
    return {
      leaf: fc.oneof(
        fc.constantFrom(
          '.',
          '..',
          '.[]',
          '.a',
          '.b?',
          '$input',
          '$x',
          'empty',
          '[]',
          '{}',
          'null',
          'true',
          'false',
        ),
        fc.constantFrom(
          'nan',
          'infinite',
          'now',
          'break $l',
          'f',
          '$__loc__',
          '.[0]',
          '.[-1]',
          '.[1:]',
          '.[:-1]?',
        ),
        fc.constantFrom(...STRINGS).map(quoted),
        fc.constantFrom(...NUMBERS),
        fc.constantFrom(...BUILTINS.filter(({ arity }) => arity === 0)).map(({ name }) => name),
        fc.constantFrom(...formats),
      ),
      program: fc.oneof(
        { maxDepth: 6, depthSize: 'small' },
        tie('leaf'),
        fc.tuple(program, fc.constantFrom(...binary), program).map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc
          .constantFrom(...BUILTINS.filter(({ arity }) => arity > 0))
          .chain(({ name, arity }) =>
            fc
              .array(program, { minLength: arity, maxLength: arity })
              .map((args) => `${name}(${args.join('; ')})`),
          ),
        program.map((a) => `[${a}]`),
        program.map((a) => `-(${a})`),
        program.map((a) => `(${a})?`),
        program.map((a) => `(${a})[]`),
        fc.tuple(program, key).map(([a, k]) => `(${a})[${k}]`),
        two.map(([a, b]) => `(${a})[${b}]?`),
        three.map(([a, b, c]) => `(${a})[${b}:${c}]?`),
        two.map(([a, b]) => `{(${a}): ${b}, a: ${a}}`.replace(/: ([^"]*)/g, ': ($1)')),
        fc.tuple(key, program).map(([k, a]) => `{${k}: (${a})}`),
        two.map(([a, b]) => `"x\\(${a})y\\(${b})"`),
        fc.tuple(fc.constantFrom(...formats), program).map(([format, a]) => `${format} "\\(${a})"`),
        two.map(([a, b]) => `try (${a}) catch (${b})`),
        three.map(([a, b, c]) => `if ${a} then ${b} else ${c} end`),
        three.map(([a, b, c]) => `reduce (${a}) as $x (${b}; ${c})`),
        three.map(([a, b, c]) => `foreach (${a}) as [$x] (${b}; ${c})`),
        two.map(([a, b]) => `(${a}) as [$x] ?// {a: $x} ?// $x | ${b}`),
        two.map(([a, b]) => `(${a}) as {a: $x, (${b}): $y} | $x`),
        two.map(([a, b]) => `label $l | ${a}, break $l, ${b}`),
        two.map(([a, b]) => `def f: ${a}; ${b}`),
        two.map(([a, b]) => `def g($x; h): ${a} | h; g(${b}; f)`),
      ),
    };
  })
  .program // Loose ends are tied, so that variables, labels and functions that a part names are there.
  .map((program) => `def f: .; label $l | null as $x | ${program}`);

/** Tokens in any order: most of them do not compile. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...TOKENS),
      fc.constantFrom(...STRINGS).map(quoted),
      fc.string({ maxLength: 3 }),
    ),
    {
      maxLength: 30,
    },
  )
  .map((tokens) => tokens.join(' '));

function frozen(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(frozen);
  Object.freeze(value);
  return value;
}

/** A JSON value that nobody can change. */
export const input: fc.Arbitrary<Json> = fc
  .letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 1e17, 'x'.repeat(5000), ...STRINGS),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 4 }).map((members) => {
        // JSON text keeps an own `__proto__`.
        const text = members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        return JSON.parse(`{${text.join(',')}}`) as Json; // it is JSON
      }),
      fc.integer({ min: 0, max: 3000 }).map((length) => Array.from({ length }, (_, index) => index % 97)),
    ),
  }))
  .value.map(frozen);
