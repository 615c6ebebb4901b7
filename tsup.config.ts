import { readdirSync, rmSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';
import { lazyBuiltins } from './scripts/build/lazy-builtins.ts';
import { leanNodeServer, WEB_CLASSES } from './scripts/build/node-server.ts';
import { withoutUnusedParts } from './scripts/build/unused-parts.ts';

const routes = readdirSync('handlers').filter((name) => name.endsWith('.ts'));

// Before both builds, which run at the same time.
rmSync('dist', { recursive: true, force: true });

const common: Options = {
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  clean: false,
  silent: true,
};

export default defineConfig([
  {
    ...common,
    // One bundle per route. Shared code is split into chunks, so a process loads what its routes use.
    entry: {
      ...Object.fromEntries(routes.map((name) => [`handlers/${name.slice(0, -3)}`, `handlers/${name}`])),
      server: 'handlers/server.ts',
    },
    metafile: true,
    // Packages are part of these bundles: a process reads some dozen files at its start, not some hundred.
    noExternal: [/.*/],
    removeNodeProtocol: false,
    inject: [WEB_CLASSES],
    esbuildPlugins: [leanNodeServer, withoutUnusedParts, lazyBuiltins],
    // What CommonJS packages ask for at run time are modules of Node.
    banner: {
      js: "import{createRequire as nodeRequire}from'node:module';const require=nodeRequire(import.meta.url);",
    },
  },
  {
    ...common,
    entry: {
      worker: 'worker/main.ts',
      migrate: 'scripts/migrate.ts',
      'secrets-rewrap': 'scripts/secrets-rewrap.ts',
    },
  },
]);
