import { readdirSync } from 'node:fs';
import { defineConfig } from 'tsup';

// One bundle per route, plus the processes. Shared code is split into chunks, so a route loads what it uses.
const routes = readdirSync('handlers').filter((name) => name.endsWith('.ts'));

export default defineConfig({
  entry: {
    ...Object.fromEntries(routes.map((name) => [`handlers/${name.slice(0, -3)}`, `handlers/${name}`])),
    server: 'handlers/server.ts',
    worker: 'worker/main.ts',
    migrate: 'scripts/migrate.ts',
    'secrets-rewrap': 'scripts/secrets-rewrap.ts',
  },
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  clean: true,
  silent: true,
});
