/** For the API's bundles: node-server without what a start would wait for, undici and HTTP/2. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BuildPlugin } from './plugin.ts';

// From the root, where tsup runs: it moves its configuration, and what that imports, into one file there.
const LAZY_WEB = JSON.stringify(resolve('scripts/build/lazy-web.ts'));

/** Each stands once in node-server's file; a version that is written differently fails the build. */
const CHANGES: [string, string][] = [
  [
    'const GlobalHeaders = globalThis.Headers;',
    `import { Headers as GlobalHeaders, Request as GlobalRequest, Response as GlobalResponse } from ${LAZY_WEB};`,
  ],
  ['const GlobalRequest = global.Request;', ''],
  ['const GlobalResponse = global.Response;', ''],
  // Nobody replaces the global classes, node-server included: bundles get its own by `inject` (web-classes.ts).
  ['globalThis.Headers === GlobalHeaders ?', 'true ?'],
  ['options.overrideGlobalObjects !== false && global.Request !== Request$1', 'false'],
  // Of the part for WebSockets, which nothing here uses.
  ['const CloseEvent = globalThis.CloseEvent ?? class', 'const CloseEvent = class'],
  ['const ErrorEvent = globalThis.ErrorEvent ?? class', 'const ErrorEvent = class'],
  ['export { RequestError,', 'export { Response$1 as Response, RequestError,'],
];

/** We serve no HTTP/2; node-server only asks whether a request is one. */
const NO_HTTP2 = 'export class Http2ServerRequest {} export const constants = {};';

function change(text: string): string {
  let changed = text;
  for (const [from, to] of CHANGES) {
    const parts = changed.split(from);
    if (parts.length !== 2)
      throw new Error(`node-server has changed: "${from}" stands in it ${parts.length - 1} times`);
    changed = parts.join(to);
  }
  return changed;
}

export const leanNodeServer: BuildPlugin = {
  name: 'lean-node-server',
  setup(build) {
    build.onLoad({ filter: /@hono\/node-server\/dist\/index\.mjs$/ }, ({ path }) => ({
      contents: change(readFileSync(path, 'utf8')),
    }));
    build.onResolve({ filter: /^(?:node:)?http2$/ }, () => ({ path: 'http2', namespace: 'no-http2' }));
    build.onLoad({ filter: /.*/, namespace: 'no-http2' }, () => ({ contents: NO_HTTP2 }));
  },
};

/** The file whose exports stand for the global classes of their names in every file of a bundle. */
export const WEB_CLASSES = resolve('scripts/build/web-classes.mjs');
