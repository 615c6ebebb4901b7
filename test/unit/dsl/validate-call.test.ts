import { describe, expect, it } from 'vitest';
import { errorsOf, tasks } from './definitions.ts';

/** Errors of one task, without the pointer of the task. */
const errorsIn = (task: string): string[] =>
  errorsOf(tasks(`- t: ${task}`)).map((error) => error.replace('/do/0/t', ''));

describe('call: http', () => {
  const inWith = (members: string): string[] =>
    errorsIn(`{ call: http, with: ${members} }`).map((error) => error.replace('/with', ''));

  it('needs `with`, with `method` and `endpoint`', () => {
    expect(errorsIn('{ call: http }')).toEqual([
      ': missing `with`; `call: http` needs `with` with `method` and `endpoint`',
    ]);
    expect(errorsIn('{ call: http, with: get }')).toEqual([
      '/with: `with` must be an object with `method` and `endpoint`; it is a string',
    ]);
    expect(errorsIn('{ call: 5, with: {} }')).toEqual([
      "/call: `call` must be a text; it is a number; put it in quotes: '5'",
    ]);
    expect(inWith('{}')).toEqual([
      ': missing `method` and `endpoint`; `call: http` needs `method` and `endpoint`',
    ]);
  });

  it.each([
    [
      'endpiont: https://x.y',
      [
        ': missing `endpoint`; `call: http` needs `method` and `endpoint`',
        '/endpiont: unknown property `endpiont`; did you mean `endpoint`?',
      ],
    ],
    [
      'url: https://x.y',
      [
        ': missing `endpoint`; `call: http` needs `method` and `endpoint`',
        '/url: unknown property `url`; did you mean `endpoint`?',
      ],
    ],
    ['endpoint: 5', ['/endpoint: `endpoint` must be a URL, or an object with `uri`; it is a number']],
    [
      'endpoint: { url: https://x.y }',
      [
        '/endpoint: missing `uri`; `endpoint` needs `uri`',
        '/endpoint/url: unknown property `url`; did you mean `uri`?',
      ],
    ],
    ['endpoint: x.y/z', ['/endpoint: `x.y/z` is not an absolute URL; write `https://…` or `http://…`']],
    [
      'endpoint: /relative',
      ['/endpoint: `/relative` is not an absolute URL; write `https://…` or `http://…`'],
    ],
    [
      'endpoint: ftp://x.y',
      ['/endpoint: `ftp://x.y` is not an absolute URL; write `https://…` or `http://…`'],
    ],
    [
      'endpoint: file:///etc/passwd',
      [
        '/endpoint: `file:` is not supported: a service that many share reads no files of its host; use an http or https URL',
      ],
    ],
    ['endpoint: "https://x.y/a b"', ['/endpoint: `https://x.y/a b` is not a URL: it has a space in it']],
    [
      'endpoint: "https://x.y/{a"',
      ['/endpoint: `https://x.y/{a` is not a URI template: "{" at character 13 is not closed'],
    ],
    [
      'endpoint: "https://x.y/${ .id }"',
      [
        '/endpoint: a URL takes `{name}` from the input; for anything else make it one expression: `${ "https://x.y/\\(.id)" }`',
      ],
    ],
    [
      'endpoint: "https://x.y", headers: [a]',
      ['/headers: `headers` must be an object of texts, or an expression in `${ }`; it is a list'],
    ],
    [
      'endpoint: "https://x.y", headers: .h',
      ['/headers: `headers` must be an object of texts, or an expression in `${ }`; it is a string'],
    ],
    [
      'endpoint: "https://x.y", headers: { "a b": c }',
      ['/headers/a b: `a b` is not a header name (RFC 9110)'],
    ],
    [
      'endpoint: "https://x.y", query: { limit: 10 }',
      ["/query/limit: `limit` must be a text; it is a number; put it in quotes: '10'"],
    ],
    [
      'endpoint: "https://x.y", output: body',
      ['/output: `output` must be `raw`, `content` or `response`; it is `"body"`'],
    ],
    [
      'endpoint: "https://x.y", redirect: "yes"',
      ['/redirect: `redirect` must be true or false; it is a string'],
    ],
  ])('%s', (members, errors) => {
    expect(inWith(`{ method: get, ${members} }`).sort()).toEqual([...errors].sort());
  });

  it('refuses a method that no request can have', () => {
    expect(inWith('{ method: "GET /", endpoint: "https://x.y" }')).toEqual([
      '/method: `GET /` is not an HTTP method such as `get` or `post`',
    ]);
  });

  it('accepts every form of every argument', () => {
    expect(
      inWith(`{ method: "\${ .method }", endpoint: { uri: "{+base}/pets{/id}{?page}" }, headers: "\${ .h }", query: { a: "\${ .q }" },
        body: [1, { a: "\${ .b }" }, null], output: response, redirect: true }`),
    ).toEqual([]);
    expect(
      inWith(
        '{ method: get, endpoint: "${ .url }", headers: { Accept: text/plain }, query: "${ .q }", body: plain }',
      ),
    ).toEqual([]);
  });
});
