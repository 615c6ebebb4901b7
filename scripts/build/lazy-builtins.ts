/** For bundles that start fast: modules of Node are loaded as CommonJS, and some of them with their first use. */
import { builtinModules } from 'node:module';
import type { BuildPlugin } from './plugin.ts';

/** Each costs 1 to 10 ms of a start. TLS is for connections that have it; the others are asked for and rarely used. */
const LAZY = new Set(['cluster', 'https', 'tls', 'v8', 'worker_threads', 'zlib']);
const NAMESPACE = 'builtin';

const requireOf = (name: string): string => `require(${JSON.stringify(`node:${name}`)})`;

/** Looks like the module, which is loaded by the first look. */
const lazyModule = (name: string): string => `
let real;
const load = () => (real ??= ${requireOf(name)});
module.exports = new Proxy({}, { get: (_target, key) => load()[key], has: (_target, key) => key in load() });`;

export const lazyBuiltins: BuildPlugin = {
  name: 'lazy-builtins',
  setup(build) {
    const filter = new RegExp(`^(?:node:)?(?:${builtinModules.join('|')})$`);
    build.onResolve({ filter }, ({ path, importer, kind, namespace }) => {
      const name = path.replace(/^node:/, '');
      const isLazy = LAZY.has(name) && importer.includes('node_modules');
      // An `import` reads every export of the module at once, those that Node loads when they are read (the WebSocket
      // of `http` brings undici, `webcrypto` of `crypto` all of that); `require` reads none.
      if (namespace === NAMESPACE || (kind !== 'import-statement' && !isLazy))
        return { path, external: true };
      return { path: isLazy ? `lazy ${name}` : name, namespace: NAMESPACE };
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: path.startsWith('lazy ')
        ? lazyModule(path.slice('lazy '.length))
        : `module.exports = ${requireOf(path)};`,
    }));
  },
};
