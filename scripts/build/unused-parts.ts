/** For the API's bundles: parts of packages that their entry loads and the API never uses. */
import type { BuildPlugin } from './plugin.ts';

/** Files, and what stands in for each. */
const PARTS: { file: RegExp; contents: string }[] = [
  // One Redis, or a cluster behind one address: the client for clusters is never made.
  { file: /ioredis\/built\/cluster\/index\.js$/, contents: 'exports.default = class Cluster {};' },
  // Metrics are collected here and read over HTTP.
  { file: /prom-client\/lib\/(?:pushgateway|cluster)\.js$/, contents: 'module.exports = class Unused {};' },
  // The log is written by this thread.
  {
    file: /pino\/lib\/transport\.js$/,
    contents: 'module.exports = () => { throw new Error("pino transports are not part of this bundle"); };',
  },
];

export const withoutUnusedParts: BuildPlugin = {
  name: 'without-unused-parts',
  setup(build) {
    for (const { file, contents } of PARTS) {
      build.onLoad({ filter: file }, () => ({ contents, loader: 'js' }));
    }
  },
};
