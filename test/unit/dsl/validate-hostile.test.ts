/* oxlint-disable unicorn/no-thenable -- `then` is a word of the workflow language. */
import { describe, expect, it } from 'vitest';
import { validateDefinition } from '../../../lib/dsl/validate.ts';
import type { Json } from '../../../lib/jq/index.ts';

const DOCUMENT = { dsl: '1.0.3', namespace: 'test', name: 'test', version: '1.0.0' };
const workflow = (list: Json[], use: Json = {}): Json => ({ document: DOCUMENT, use, do: list });
const KIB_256 = 256 << 10;

/** As many items as fit in 256 KiB of JSON. */
function fill(item: (index: number) => Json): Json[] {
  const items: Json[] = [];
  for (let bytes = 0; bytes < KIB_256; bytes += JSON.stringify(items.at(-1)).length + 1)
    items.push(item(items.length));
  return items;
}
const members = (value: (index: number) => Json): { [key: string]: Json } =>
  Object.fromEntries(fill((index) => [`k${index}`, value(index)]).map((pair) => pair as [string, Json]));

function timed(definition: Json): { ms: number; errors: number } {
  const start = performance.now();
  const { errors } = validateDefinition(definition);
  return { ms: performance.now() - start, errors: errors.length };
}

describe('the time a validation takes is bounded', () => {
  const hostile: [string, () => Json][] = [
    ['expressions, all different', () => workflow([{ t: { set: { x: fill((i) => `\${.a${i}}`) } } }])],
    ['expressions that do not parse', () => workflow([{ t: { set: { x: fill((i) => `\${.a${i} +}`) } } }])],
    ['one long expression', () => workflow([{ t: { set: `\${ ${'.a + '.repeat(KIB_256 / 5)} .a }` } }])],
    ['open brackets in an expression', () => workflow([{ t: { set: `\${ ${'['.repeat(KIB_256)} }` } }])],
    ['dollars', () => workflow([{ t: { set: `\${ ${'$a '.repeat(KIB_256 / 3)} }` } }])],
    ['literals that look like expressions', () => workflow([{ t: { set: { x: fill((i) => `.a${i}`) } } }])],
    ['text with expressions inside', () => workflow([{ t: { set: { x: fill((i) => `a${i} \${.b} c`) } } }])],
    [
      'one text with many expressions inside',
      () => workflow([{ t: { set: { x: `a${'${'.repeat(KIB_256 / 2)}` } } }]),
    ],
    ['unknown properties', () => workflow([{ t: { wait: 'PT1S', ...members(() => 1) } }])],
    ['unknown root properties', () => ({ document: DOCUMENT, do: [], ...members(() => 1) })],
    [
      'tasks that go nowhere',
      () => workflow(fill((i) => ({ [`taskNumber${i}`]: { wait: 'PT1S', then: `taskNumbr${i}` } }))),
    ],
    ['duplicate names', () => workflow(fill(() => ({ a: { wait: 'PT1S' } })))],
    ['items of many keys', () => workflow([members(() => ({}))])],
    [
      'nested lists',
      () => workflow(fill((i) => ({ [`a${i}`]: { do: [{ b: { do: [{ c: { do: [] } }] } }] } }))),
    ],
    [
      'a long version',
      () => ({ document: { ...DOCUMENT, version: `1.0.0-${'1'.repeat(KIB_256)}!` }, do: [] }),
    ],
    ['a long name', () => ({ document: { ...DOCUMENT, name: 'a-'.repeat(KIB_256 / 2) }, do: [] })],
    [
      'a long URL',
      () =>
        workflow([
          {
            t: {
              call: 'http',
              with: { method: 'get', endpoint: `https://x.y/${'{a}'.repeat(KIB_256 / 3)}` },
            },
          },
        ]),
    ],
    [
      'a long broken URL',
      () =>
        workflow([
          {
            t: {
              call: 'http',
              with: { method: 'get', endpoint: `https://x.y/{${'a.'.repeat(KIB_256 / 2)}` },
            },
          },
        ]),
    ],
    ['a long duration', () => workflow([{ t: { wait: `P${'1'.repeat(KIB_256)}` } }])],
    [
      'a long error type',
      () => workflow([{ t: { raise: { error: { type: 'a:'.repeat(KIB_256 / 2), status: 1 } } } }]),
    ],
    [
      'unknown references',
      () =>
        workflow(fill((i) => ({ [`t${i}`]: { raise: { error: `errr${i}` } } })).slice(0, 3000), {
          errors: members(() => ({ type: 'x', status: 1 })),
        }),
    ],
    [
      'a policy with many users',
      () =>
        workflow(
          fill((i) => ({ [`t${i}`]: { try: [], catch: { as: `e${i}`, retry: 'p' } } })),
          { retries: { p: { when: '$error.status == 1', ...members(() => 1) } } },
        ),
    ],
    [
      'secrets that are not listed',
      () =>
        workflow([{ t: { set: { x: fill((i) => `\${ $secrets.a${i} }`).slice(0, 5000) } } }], {
          secrets: fill((i) => `s${i}`).slice(0, 10_000),
        }),
    ],
    [
      'a policy that reads much, with many users',
      () =>
        workflow(fill((i) => ({ [`t${i}`]: { try: [], catch: { retry: 'p' } } })).slice(0, 2500), {
          retries: { p: { when: `${'$secrets.a + $task.with + '.repeat(5000)} 1` } },
        }),
    ],
    [
      'a URL that is nearly one',
      () =>
        workflow([
          {
            t: {
              call: 'http',
              with: { method: 'get', endpoint: `https://x.y/'${'a/'.repeat(KIB_256 / 2)}^` },
            },
          },
        ]),
    ],
    [
      'expressions in loose mode that do not parse',
      () => ({
        document: DOCUMENT,
        evaluate: { mode: 'loose' },
        do: [{ t: { set: { x: fill((i) => `${i} words that are no expression`) } } }],
      }),
    ],
    [
      'branches',
      () =>
        workflow([{ t: { fork: { branches: fill((i) => ({ [`b${i}`]: { wait: 'PT1S', then: 'c' } })) } } }]),
    ],
    [
      'schemas',
      () =>
        workflow(
          fill((i) => ({
            [`t${i}`]: { wait: 'PT1S', input: { schema: { document: { pattern: `^a${i}$` } } } },
          })),
        ),
    ],
    [
      'policies of every scheme',
      () =>
        workflow([], {
          authentications: members((i) => ({
            basic: { username: `\${ .u${i} }` },
            bearer: 5,
            oauth2: {},
            oidc: {},
          })),
        }),
    ],
    [
      'extensions',
      () => workflow([], { extensions: fill((i) => ({ [`e${i}`]: { extend: 'al', when: `.a${i} +` } })) }),
    ],
    [
      'events',
      () =>
        workflow([
          { t: { listen: { to: { any: fill((i) => ({ with: { type: `\${ .t${i} }`, time: 'now' } })) } } } },
        ]),
    ],
    [
      'loops in loops',
      () => {
        let inner: Json[] = [];
        for (let i = 0; i < 60; i++)
          inner = [{ l: { for: { in: '.x', each: `i${i}`, at: `n${i}` }, do: inner } }];
        return workflow(fill(() => ({ a: { do: inner } })).slice(0, 20));
      },
    ],
  ];

  it.each(hostile)('256 KiB of %s take less than half a second', (_name, build) => {
    const definition = build();
    const { ms } = timed(definition);
    // Twice the promise: the machine that runs the tests does other things too.
    expect(ms).toBeLessThan(1000);
  });

  it('looks no deeper than 200 levels, and needs no stack for it', () => {
    let deep: Json = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(validateDefinition({ document: DOCUMENT, do: [{ a: { set: { x: deep } } }] }).errors).toEqual([
      { kind: 'semantic', path: '', message: 'nested deeper than 200 levels' },
    ]);
  });

  it('keeps an answer small, however long the texts are', () => {
    const { errors } = validateDefinition(
      workflow([
        {
          t: {
            call: 'http',
            with: { method: 'x '.repeat(100_000), endpoint: 'y'.repeat(100_000), ['z'.repeat(30_000)]: 1 },
          },
        },
      ]),
    );
    for (const { message } of errors) expect(message.length).toBeLessThan(500);
  });
});

describe('names from outside are names and nothing else', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s', (name) => {
    const named = (value: Json): Json =>
      JSON.parse(`{${JSON.stringify(name)}: ${JSON.stringify(value)}}`) as Json;
    expect(validateDefinition(workflow([named({ wait: 'PT1S', then: name })])).errors).toEqual([]);
    expect(validateDefinition(workflow([{ a: { raise: { error: name } } }])).errors).toEqual([
      {
        kind: 'semantic',
        path: '/do/0/a/raise/error',
        message: `there is no \`${name}\` in \`use.errors\`; it is empty`,
      },
    ]);
    expect(
      validateDefinition(workflow([{ a: { call: 'http', with: named(1) } }])).errors.map(
        ({ message }) => message,
      ),
    ).toEqual([
      expect.stringContaining(`unknown property \`${name}\``),
      'missing `method` and `endpoint`; `call: http` needs `method` and `endpoint`',
    ]);
  });
});
