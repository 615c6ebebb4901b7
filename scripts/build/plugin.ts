import type { Options } from 'tsup';

/** A plugin of esbuild, in the version that tsup brings. */
export type BuildPlugin = NonNullable<Options['esbuildPlugins']>[number];
