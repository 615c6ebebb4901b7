/** Where the conformance data of others is. Nothing of it is copied into the project. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const DIRECTORY =
  process.env['VESPID_CONFORMANCE_DIR'] ??
  path.resolve(import.meta.dirname, '../../../../shared/conformance');

/** Why nothing can be tried when the data is not there. */
export const MISSING = `needs ../shared/conformance: there is no ${DIRECTORY} (set VESPID_CONFORMANCE_DIR)`;

export const isThere = (): boolean => existsSync(DIRECTORY);

/** @param file relative to the folder of the data, for example `ctk/set.feature` */
export const readText = (file: string): string => readFileSync(path.join(DIRECTORY, file), 'utf8');

/** Names of the files in a folder that end in `extension`, sorted; none when there is no data. */
export function filesIn(folder: string, extension: string): string[] {
  if (!isThere()) return [];
  return readdirSync(path.join(DIRECTORY, folder))
    .filter((file) => file.endsWith(extension))
    .sort();
}
