/** Bundles what the benchmark starts, so that plain node runs it and neither side pays for a loader. */
import { join } from 'node:path';
import { build } from 'tsup';

export interface Bundles {
  baselineApi: string;
  baselineWorker: string;
  load: string;
  noopWorker: string;
  openLoop: string;
}

/** @param outDir gets one self-contained CommonJS file per process */
export async function bundleAll(root: string, outDir: string): Promise<Bundles> {
  await build({
    config: false,
    entry: {
      'baseline-api': join(root, 'bench/baseline/api.ts'),
      'baseline-worker': join(root, 'bench/baseline/worker.ts'),
      load: join(root, 'bench/lib/load/main.ts'),
      'noop-worker': join(root, 'bench/lib/noop-worker.ts'),
      'open-loop': join(root, 'bench/offered/main.ts'),
    },
    outDir,
    // The packages are CommonJS in part, and ask for node's modules by require.
    format: ['cjs'],
    outExtension: () => ({ js: '.cjs' }),
    target: 'node20',
    platform: 'node',
    noExternal: [/.*/],
    splitting: false,
    silent: true,
  });
  const file = (name: string): string => join(outDir, `${name}.cjs`);
  return {
    baselineApi: file('baseline-api'),
    baselineWorker: file('baseline-worker'),
    load: file('load'),
    noopWorker: file('noop-worker'),
    openLoop: file('open-loop'),
  };
}
