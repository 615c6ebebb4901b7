/** What a process of `HANDLERS=start-run` loads at its start: the files of dist/ that its two entries import. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

/** As esbuild describes what it has written. */
interface Metafile {
  outputs: Record<
    string,
    {
      bytes: number;
      inputs: Record<string, { bytesInOutput: number }>;
      imports: { path: string; kind: string; external?: boolean }[];
    }
  >;
}

const ROOT = join(import.meta.dirname, '../../..');
const ENTRIES = ['dist/server.js', 'dist/handlers/start-run.js'];
/** Code that is not minified, so that stack traces can be read without the source maps. */
const MAX_BYTES = 1_200_000;

/** Every package of which the process loads anything. */
const PACKAGES = [
  '@hono/node-server',
  '@ioredis/commands',
  '@opentelemetry/api',
  '@pinojs/redact',
  'atomic-sleep',
  'bintrees',
  'cluster-key-slot',
  'debug',
  'denque',
  'hono',
  'ioredis',
  'ipaddr.js',
  'ms',
  'on-exit-leak-free',
  'pino',
  'pino-std-serializers',
  'postgres',
  'prom-client',
  'quick-format-unescaped',
  'redis-errors',
  'safe-stable-stringify',
  'sonic-boom',
  'standard-as-callback',
  'tdigest',
  'uuidv7',
  'valibot',
];

/** Folders and files that other routes and the worker need. */
const OTHERS =
  /^(?:lib\/(?:tasks|dsl|engine|jq|egress|events|schedules|bulk|json-schema|subscriptions)|worker|handlers)\//;
/** What the configuration checks and bodies are written with, and the route itself. */
const EXCEPTIONS: ReadonlySet<string> = new Set([
  'handlers/routes.ts',
  'handlers/server.ts',
  'handlers/start-run.ts',
  'lib/egress/address.ts',
  'lib/egress/allow-list.ts',
  'lib/engine/unwind.ts',
  'lib/jq/errors.ts',
  'lib/jq/json-text.ts',
  'lib/jq/limits.ts',
]);

let files: Metafile['outputs'][string][];

/** The outputs that are read when the entries are: what is imported on demand is not followed. */
function closure({ outputs }: Metafile): Metafile['outputs'][string][] {
  const found = new Set<string>();
  const open = [...ENTRIES];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const output = outputs[path];
    if (found.has(path) || output === undefined) continue;
    found.add(path);
    for (const { path: next, kind, external } of output.imports) {
      if (external !== true && kind !== 'dynamic-import') open.push(next);
    }
  }
  return [...found].map((path) => outputs[path]).filter((output) => output !== undefined);
}

beforeAll(() => {
  // What esbuild writes.
  const metafile = JSON.parse(readFileSync(join(ROOT, 'dist/metafile-esm.json'), 'utf8')) as Metafile;
  files = closure(metafile);
});

const inputs = (): string[] => files.flatMap((file) => Object.keys(file.inputs));

describe('the bundle of start-run', () => {
  it('holds the packages that the route needs and no others', () => {
    const packages = inputs()
      .filter((path) => path.includes('node_modules/'))
      .map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
    const unexpected = [...new Set(packages)].filter((name) => !PACKAGES.includes(name ?? ''));
    expect(unexpected).toEqual([]);
    expect(packages).toContain('ioredis');
  });

  it('holds nothing of the engine, the expression language, the tasks or the other routes', () => {
    const loaded = inputs();
    const others = loaded.filter((path) => OTHERS.test(path) && !EXCEPTIONS.has(path));
    expect(others).toEqual([]);
    expect(loaded).toContain('handlers/start-run.ts');
  });

  it('stays small', () => {
    expect(files.reduce((total, { bytes }) => total + bytes, 0)).toBeLessThan(MAX_BYTES);
  });

  it('asks the file system for no package', () => {
    const asked = files.flatMap((file) => file.imports).filter(({ external }) => external === true);
    // `debug` tries supports-color, and does without it.
    const names = asked.map(({ path }) => path).filter((path) => path !== 'supports-color');
    const { builtinModules } = process.getBuiltinModule('node:module');
    expect(names.filter((path) => !builtinModules.includes(path.replace(/^node:/, '')))).toEqual([]);
  });
});
