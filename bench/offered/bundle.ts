/** Bundles the open loop, so that plain node runs it. */
import { join } from 'node:path';
import { build } from 'tsup';

/** @returns the file */
export async function bundleOpenLoop(root: string, outDir: string): Promise<string> {
  await build({
    config: false,
    entry: { 'open-loop': join(root, 'bench/offered/main.ts') },
    outDir,
    format: ['cjs'],
    outExtension: () => ({ js: '.cjs' }),
    target: 'node20',
    platform: 'node',
    noExternal: [/.*/],
    splitting: false,
    silent: true,
  });
  return join(outDir, 'open-loop.cjs');
}
