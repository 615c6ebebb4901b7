import { describe, expect, it } from 'vitest';
import { errorsOf, tasks, warningsOf, workflow } from './definitions.ts';

const setErrors = (text: string): string[] =>
  errorsOf(tasks(`- t: { set: { x: ${JSON.stringify(text)} } }`)).map((error) =>
    error.replace('/do/0/t/set/x: ', ''),
  );
const setWarnings = (text: string): string[] =>
  warningsOf(tasks(`- t: { set: { x: ${JSON.stringify(text)} } }`)).map((error) =>
    error.replace('/do/0/t/set/x: ', ''),
  );

describe('every expression must parse', () => {
  it.each([
    ['/do/0/t/if', '{ wait: PT1S, if: ".a +" }'],
    ['/do/0/t/input/from', '{ wait: PT1S, input: { from: ".a +" } }'],
    ['/do/0/t/input/from/x/0', '{ wait: PT1S, input: { from: { x: ["${ .a + }"] } } }'],
    ['/do/0/t/output/as', '{ wait: PT1S, output: { as: ".a +" } }'],
    ['/do/0/t/export/as', '{ wait: PT1S, export: { as: "${ .a + }" } }'],
    ['/do/0/t/set', '{ set: "${ .a + }" }'],
    ['/do/0/t/set/x/y', '{ set: { x: { y: "${ .a + }" } } }'],
    ['/do/0/t/wait', '{ wait: "${ .a + }" }'],
    ['/do/0/t/switch/0/a/when', '{ switch: [ { a: { when: ".a +", then: end } } ] }'],
    ['/do/0/t/for/in', '{ for: { in: ".a +" }, do: [] }'],
    ['/do/0/t/for/in/0/x', '{ for: { in: [ { x: "${ .a + }" } ] }, do: [] }'],
    ['/do/0/t/while', '{ for: { in: .a }, while: ".a +", do: [] }'],
    ['/do/0/t/raise/error/detail', '{ raise: { error: { type: x, status: 1, detail: "${ .a + }" } } }'],
    ['/do/0/t/catch/when', '{ try: [], catch: { when: ".a +" } }'],
    [
      '/do/0/t/catch/retry/limit/duration',
      '{ try: [], catch: { retry: { limit: { duration: "${ .a + }" } } } }',
    ],
    ['/do/0/t/with/endpoint', '{ call: http, with: { method: get, endpoint: "${ .a + }" } }'],
    ['/do/0/t/with/endpoint/uri', '{ call: http, with: { method: get, endpoint: { uri: "${ .a + }" } } }'],
    [
      '/do/0/t/with/headers/x',
      '{ call: http, with: { method: get, endpoint: "https://x.y", headers: { x: "${ .a + }" } } }',
    ],
    [
      '/do/0/t/with/query',
      '{ call: http, with: { method: get, endpoint: "https://x.y", query: "${ .a + }" } }',
    ],
    [
      '/do/0/t/with/body/0',
      '{ call: http, with: { method: get, endpoint: "https://x.y", body: ["${ .a + }"] } }',
    ],
  ])('at %s', (path, task) => {
    const errors = errorsOf(tasks(`- t: ${task}`));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/ does not parse: .+ at line 1, column \d+/);
    expect(errors[0]?.slice(0, path.length + 2)).toBe(`${path}: `);
  });

  it('of the workflow too', () => {
    expect(errorsOf(workflow('do: []\ninput: { from: ".a +" }\noutput: { as: { x: "${ .a + }" } }'))).toEqual(
      [
        expect.stringMatching(/^\/input\/from: the expression `\.a \+` does not parse/),
        expect.stringMatching(/^\/output\/as\/x: the expression `\.a \+` does not parse/),
      ],
    );
  });

  it('takes text for an expression only where the whole text is one', () => {
    expect(setErrors('a + ${')).toEqual([]);
    expect(setErrors(' ${ .a } ')).toEqual([]);
    expect(setErrors('${{ a: .b }}')).toEqual([]);
  });

  it.each([
    ["${ .a == 'b' }", /; in jq, strings stand in double quotes$/],
    ['${ .a && .b }', /; jq has `and` and `or`$/],
    ['${ input.x }', /; the variable is `\$input`$/],
    ['${ context.x }', /; the variable is `\$context`$/],
    ['${ .a === .b }', /; jq compares with `==` and `!=`$/],
    [
      '${ .a } and ${ .b }',
      /; if text with expressions is meant, write `\$\{ "\\\(\.a\) and \\\(\.b\)" \}`$/,
    ],
  ])('hints at the usual mistake in %s', (text, message) => {
    expect(setErrors(text)).toEqual([expect.stringMatching(message)]);
  });

  it.each(['', '   ', '${ }', '${  }'])('refuses the empty expression %j', (text) => {
    expect(errorsOf(tasks(`- t: { wait: PT1S, if: ${JSON.stringify(text)} }`))).toHaveLength(1);
  });
});

describe('every variable must be defined', () => {
  it('says which there are, and the nearest', () => {
    expect(setErrors('${ $nope }')).toEqual([
      '`$nope` is not defined here; there are `$context`, `$input`, `$output`, `$secrets`, `$task`, `$workflow`, `$runtime` and `$authorization`',
    ]);
    expect(setErrors('${ $contxt.x }')).toEqual(['`$contxt` is not defined here; did you mean `$context`?']);
  });

  it('counts the variables that an expression defines itself', () => {
    expect(setErrors('${ . as $x | reduce .[] as $y (0; . + $y) | $x }')).toEqual([]);
    expect(setErrors('${ (. as $x | $x) + $x }')).toEqual([
      expect.stringContaining('`$x` is not defined here'),
    ]);
  });

  it('does not take text in strings for variables', () => {
    expect(setErrors('${ "costs $amount" }')).toEqual([]);
    expect(setErrors('${ "costs \\($amount)" }')).toEqual([
      expect.stringContaining('`$amount` is not defined here'),
    ]);
  });

  it('does not know the environment', () => {
    expect(setErrors('${ $ENV.PATH }')).toHaveLength(1);
    expect(setErrors('${ env.PATH }')).toHaveLength(1);
    expect(setErrors('${ input }')).toHaveLength(1);
  });
});

describe('variables that are null at a stage are a warning', () => {
  it('in tasks', () => {
    expect(
      warningsOf(
        tasks(`
- t:
    if: $input.x
    input: { from: $output }
    set: { a: "\${ [$context, $input, $output, $task, $workflow, $runtime] }" }
    output: { as: $output }
    export: { as: "[$context, $input, $output, $task, $workflow, $runtime]" }`),
      ),
    ).toEqual([
      '/do/0/t/if: `$input` is always null here; it is set from `input.from` of the task on; `.` is the data here',
      '/do/0/t/input/from: `$output` is always null here; it is set in `export.as` only',
      '/do/0/t/output/as: `$output` is always null here; it is set in `export.as` only',
      '/do/0/t/set/a: `$output` is always null here; it is set in `export.as` only',
    ]);
  });

  it('in the workflow', () => {
    const all = '[$context, $input, $output, $task, $workflow, $runtime]';
    expect(
      warningsOf(workflow(`do: []\ninput: { from: "${all}" }\noutput: { as: "${all}" }`)).map((warning) =>
        warning.slice(0, warning.indexOf(' is always')),
      ),
    ).toEqual([
      ...['context', 'input', 'output', 'task'].map((name) => `/input/from: \`$${name}\``),
      ...['input', 'output', 'task'].map((name) => `/output/as: \`$${name}\``),
    ]);
  });
});

describe('literal text that looks like an expression is a warning', () => {
  it.each([
    ['Hello ${ .x }', '"Hello \\(.x)"'],
    ['${ .a }, ${.b}!', '"\\(.a), \\(.b)!"'],
    ['say "hi" to ${ .who | ascii_upcase }.', '"say \\"hi\\" to \\(.who | ascii_upcase)."'],
    ['x ${ {a: "}"} } y', '"x \\({a: "}"}) y"'],
  ])('gives the rewrite of %j', (text, rewrite) => {
    expect(setWarnings(text)).toEqual([
      `the text is taken literally, because only a whole text is an expression; write \`\${ ${rewrite} }\``,
    ]);
  });

  it.each(['.customer', '.items[0].name', '.[0]', '$context.error', '."a b"'])('warns of %j', (text) => {
    expect(setWarnings(text)).toEqual([
      `\`${text}\` looks like an expression, but is taken literally; write \`\${ ${text} }\` to have it evaluated`,
    ]);
  });

  it.each([
    'hello',
    '...',
    '. Then what?',
    '.5',
    '$5',
    '$unknown',
    '$ 5',
    'a.b',
    '${',
    '}',
    '{}',
    '{ .x }',
    '.a b c d',
  ])('is silent about %j', (text) => {
    expect(setWarnings(text)).toEqual([]);
  });

  it('warns inside bodies, headers and error texts too, and never in metadata', () => {
    expect(
      warningsOf(
        tasks(`
- a: { call: http, with: { method: get, endpoint: "https://x.y", body: { c: .customer }, headers: { h: "a \${ .b } c" } }, metadata: { m: .x } }
- b: { raise: { error: { type: x, status: 400, title: "no \${ .x } c" } } }`),
      ).map((warning) => warning.slice(0, warning.indexOf(': '))),
    ).toEqual(['/do/0/a/with/headers/h', '/do/0/a/with/body/c', '/do/1/b/raise/error/title']);
  });
});
