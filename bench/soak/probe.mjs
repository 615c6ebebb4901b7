/**
 * Loaded into API and worker by the soak (NODE_OPTIONS): writes what the process holds, every so often. The heap is what is
 * left after a full collection, since anything else says only when the last one was.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { SOAK_PROBE_FOLDER: folder, SOAK_PROBE_EVERY_MS: everyMs } = process.env;
if (folder !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const file = join(folder, `${process.pid}.json`);
  const look = () => {
    const residentBytes = process.memoryUsage.rss();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(
      `${file}.part`,
      JSON.stringify({ residentBytes, heapBytes: heapUsed, externalBytes: external }),
    );
    renameSync(`${file}.part`, file);
  };
  setInterval(look, Number(everyMs)).unref();
}
